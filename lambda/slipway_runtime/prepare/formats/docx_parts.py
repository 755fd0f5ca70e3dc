"""The parts of a DOCX that hold text, made such that mammoth reads all that a reader of the document sees.

It passes over simple fields and equations without a word, and shows hidden text.
Source: ECMA-376 part 1, 17.16.19 "fldSimple", 17.3.2.41 "vanish", 22.1 "Math"; part 2, clause 9 "Relationships".
"""

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from slipway_runtime.prepare.rejected import Rejected

OFFICE_DOCUMENT = "/officeDocument"
WORD = b"wordprocessingml"
NEEDLES = (b"fldSimple", b"vanish", b"oMath")
NOTES = ("footnotes.xml", "endnotes.xml")
# What stands before and behind the parts of an equation on one line.
BETWEEN = {
    "num": ("(", ")/"),
    "den": ("(", ")"),
    "sup": ("^(", ")"),
    "sub": ("_(", ")"),
    "deg": ("[", "]"),
    "rad": ("√", ""),
}


def main_part(archive: zipfile.ZipFile) -> str:
    """Return the name of the main part. Raises: Rejected("unsupported_type") where it is missing or no word
    processor's.
    """
    names = set(archive.namelist())
    for name in (*_targets(archive, names), "word/document.xml"):
        if name in names and _is_word(archive, name):
            return name
    raise Rejected(
        "unsupported_type", "the content is a ZIP archive but no DOCX; unpack it, or save it as .docx or .pdf"
    )


def _targets(archive: zipfile.ZipFile, names: set[str]) -> Iterator[str]:
    if "_rels/.rels" in names:
        for relation in _parsed(archive.read("_rels/.rels")):
            if relation.get("Type", "").endswith(OFFICE_DOCUMENT):
                yield relation.get("Target", "").lstrip("/").removeprefix("./")


def _is_word(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as part:
        head = part.read(64 * 1024)
    return WORD in head or WORD.decode().encode("utf-16-le") in head


def readable(data: bytes, archive: zipfile.ZipFile, main: str) -> tuple[bytes, dict[str, int]]:
    """Return the document with its text where mammoth looks for it, and how many stretches were hidden."""
    folder = main.rpartition("/")[0]
    changed: dict[str, bytes] = {}
    hidden = 0
    for name in (main, *(f"{folder}/{note}".lstrip("/") for note in NOTES)):
        if name in archive.namelist() and any(needle in (part := archive.read(name)) for needle in NEEDLES):
            root = _parsed(part)
            hidden += _rewrite(root)
            changed[name] = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    counts = {"docx.hidden_runs": hidden} if hidden else {}
    return (_with_parts(archive, changed) if changed else data), counts


def _parsed(part: bytes) -> Element:
    try:
        return ElementTree.fromstring(part)  # noqa: S314 - a DTD has been refused
    except ElementTree.ParseError as error:
        raise Rejected("broken_docx", "a part of the document is no XML; open it and save it again") from error


def _with_parts(archive: zipfile.ZipFile, changed: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in archive.namelist():
            if name in changed or name.endswith((".xml", ".rels")):
                made.writestr(name, changed.get(name) or archive.read(name))
    return out.getvalue()


def _rewrite(root: Element) -> int:
    """Take out hidden runs, put the runs of simple fields in the place of these, and equations as runs of text."""
    hidden = 0
    stack = [root]
    while stack:
        parent = stack.pop()
        children: list[Element] = []
        pending = list(reversed(parent))
        while pending:
            child = pending.pop()
            space, name = _name(child)
            if name in ("fldSimple", "oMathPara"):
                pending += reversed([each for each in child if _name(each)[1] not in ("fldData", "oMathParaPr")])
            elif name == "oMath":
                children.append(_run(_word_space(root), _linear(child)))
            elif name == "r" and _is_hidden(child, space):
                hidden += bool("".join(child.itertext()).strip())
            else:
                children.append(child)
        parent[:] = children
        stack += children
    return hidden


def _name(element: Element) -> tuple[str, str]:
    space, _, name = str(element.tag).rpartition("}")
    return f"{space}}}" if space else "", name


def _word_space(root: Element) -> str:
    return _name(root)[0]


def _run(space: str, text: str) -> Element:
    run = Element(f"{space}r")
    ElementTree.SubElement(run, f"{space}t").text = text
    return run


def _is_hidden(run: Element, space: str) -> bool:
    vanish = run.find(f"{space}rPr/{space}vanish")
    return vanish is not None and vanish.get(f"{space}val", "true") not in ("0", "false", "off")


def _linear(equation: Element) -> str:
    """Return an equation on one line, (a)/(b) for a fraction and x^(2) for a power."""
    text: list[str] = []
    stack: list[Element | str] = [equation]
    while stack:
        step = stack.pop()
        if isinstance(step, str):
            text.append(step)
            continue
        name = _name(step)[1]
        before, behind = BETWEEN.get(name, ("", "")) if len(step) else ("", "")
        text.append(before + (step.text or "" if name == "t" else ""))
        stack += [behind, *reversed(step)]
    return "".join(text)


def ignored(messages: list[str]) -> dict[str, int]:
    """Return how many elements mammoth says it passed over."""
    found = Counter("docx.ignored_elements" for message in messages if "was ignored" in message)
    return dict(found)
