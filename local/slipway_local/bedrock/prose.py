"""What of a Markdown-like text is prose: code, shell lines, table rules, front matter and bare links are not."""

from __future__ import annotations

import re

_FENCE = re.compile(r"\s*(?:[-*+]\s+|\d+[.)]\s+)?(?P<marks>`{3,}|~{3,})(?P<info>[^`]*)$")
_FRONT_MATTER = re.compile(r"\s*---[ \t]*\n(?:[\w-]+:.*\n|[ \t#-].*\n)+---[ \t]*(?:\n|$)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_RULE = re.compile(r"\s*\|?[\s:|=+_*-]*$")
_SHELL = re.compile(r"\s*(?:[$%]|>>>|\.\.\.|[\w.~-]*/bin/\S+|\w+@[\w.-]+[:$#])\s+\S")
_INDENTED = re.compile(r"(?: {4}|\t)\S")
_LIST = re.compile(r"\s*(?:[-*+•]|\d+[.)])\s+\S")
_LINK = re.compile(r"(?:see\s+)?(?:!?\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|<?https?://\S+)[\s.,;]*", re.IGNORECASE)


def prose(content: str) -> str:
    """Return the text without the lines that are no prose. Each is replaced by an empty one, so nothing runs together.

    Text that is cut out of a document may begin inside a code block: see `_begins_in_code`.
    """
    lines = _COMMENT.sub("\n", _FRONT_MATTER.sub("\n", content, count=1)).split("\n")
    kept: list[str] = []
    fence = "`" if _begins_in_code(lines) else ""
    for position, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark["marks"]
        elif mark and mark["marks"].startswith(fence) and not mark["info"].strip():
            fence = ""
        elif not fence and not _is_no_prose(lines, position, kept):
            kept.append(line)
            continue
        kept.append("")
    return "\n".join(kept)


def is_bare_link(sentence: str) -> bool:
    """Return whether nothing is left of a sentence beside its links."""
    return not _LINK.sub("", sentence).strip()


def _begins_in_code(lines: list[str]) -> bool:
    """Whether the first fence closes a block: the fences are odd in number, and it stands behind no prose."""
    fences = [(position, mark) for position, line in enumerate(lines) if (mark := _FENCE.match(line))]
    if len(fences) % 2 == 0 or fences[0][1]["info"].strip():
        return False
    before = [line.rstrip() for line in lines[: fences[0][0]] if line.strip()]
    return bool(before) and not before[-1].endswith((".", ":", "!", "?"))


def _is_no_prose(lines: list[str], position: int, kept: list[str]) -> bool:
    line = lines[position]
    if _RULE.match(line) or _SHELL.match(line):
        return True
    heads_table = line.lstrip().startswith("|") and position + 1 < len(lines) and _is_table_rule(lines[position + 1])
    return heads_table or (_INDENTED.match(line) is not None and _continues_code(lines, position, kept))


def _is_table_rule(line: str) -> bool:
    return "-" in line and "|" in line and _RULE.match(line) is not None


def _continues_code(lines: list[str], position: int, kept: list[str]) -> bool:
    """Whether an indented line is code: it follows an empty line or other code, and no list that it could belong to."""
    if position and lines[position - 1].strip() and (kept[-1].strip() or not _INDENTED.match(lines[position - 1])):
        return False
    for line in reversed(lines[:position]):
        if line.strip() and not line.startswith((" ", "\t")):
            return _LIST.match(line) is None
    return not _LIST.match(lines[position])
