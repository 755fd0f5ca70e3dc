"""A mixed corpus of known truth: what is kept, what is rejected with which code, and what repeats which document."""

import json
import random
from dataclasses import dataclass

from support.office import docx, encrypted_pdf, paragraph, pdf

TENANTS = ("acme", "globex")
RULES = {
    "default": {
        "redact": {"kinds": ["card", "email", "iban", "phone"]},
        "quality": {"gopher": {"min_words": 20, "min_alphabetic_words": 0.5}},
        "languages": ["en"],
    },
    "sources": [{"prefix": "acme/plain/", "rules": {}}],
}
WORDS = """
pump valve seal motor bearing filter pressure gauge cooling oil leak repair service manual operator shift report safety
switch cable sensor panel alarm reset torque bolt flange pipe tank level flow heat steam water drain
"""
VOCABULARY = WORDS.split()
JOINTS = ("the", "of", "and", "with", "that", "to", "have", "be")
EMAIL, CARD = "jo@example.org", "4111 1111 1111 1111"
FORMATS = ("md", "txt", "html", "csv", "json", "jsonl", "tsv")
OFFICE = ("docx", "pdf")  # each costs a process
MAX_BYTES = 1_000_000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BAD: dict[str, tuple[str, bytes]] = {
    "empty.txt": ("empty", b"  \n "),
    "picture.png": ("unsupported_type", b"\x89PNG\r\n\x1a\n0000"),
    "broken.pdf": ("broken_pdf", b"%PDF-1.7\nnothing of a PDF follows"),
    "locked.pdf": ("encrypted_pdf", encrypted_pdf()),
    "scan.pdf": ("no_text_layer", pdf([[], []])),
    "named.docx": ("broken_docx", b"not a zip archive"),
    "locked.docx": ("encrypted_docx", OLE + "EncryptedPackage".encode("utf-16-le")),
    "bomb.docx": ("zip_bomb", docx(paragraph("x"), extra={f"word/media/{at}": b"x" for at in range(5001)})),
    "bad.json": ("broken_json", b'{"a": [1, 2'),
    "bad.csv": ("broken_csv", b'a,b\n"open,1\n'),
    "half.txt": ("bad_encoding", b"\xff\xfe\x00\xd8"),
    "large.txt": ("too_large", b"x" * (MAX_BYTES + 1)),
    "short.md": ("low_quality", b"Only the few words of this line, and not one that says more than that to you."),
    "german.md": (
        "language_not_allowed",
        ("Die Pumpe und der Motor sind nicht mit dem Filter verbunden. " * 8).encode(),
    ),
}
UNKEYED = "No Tenant/of/this/name.txt"


@dataclass(frozen=True, kw_only=True)
class Case:
    """An object and its fate: `code` of its reject, or `repeats`, the key of the document that it is a copy of."""

    key: str
    data: bytes
    code: str = ""
    repeats: str = ""
    kind: str = ""


def mixed(number: int, *, office: int = 40, bad: int = 2, copies: int = 0) -> list[Case]:
    """Return `number` objects, the originals before what repeats them.

    `office`: how many are PDF or DOCX. `bad`: of each kind that is refused. `copies`: exact ones, and as many near.
    """
    refused = [_refused(name, at) for name in BAD for at in range(bad)]
    refused.append(Case(key=UNKEYED, data=b"text", code="invalid_key"))
    originals = [_original(at, office) for at in range(number - len(refused) - 2 * copies)]
    candidates = [case for at, case in enumerate(originals) if at >= office and not case.key.startswith("acme/plain/")]
    repeats = [_exact(candidates[at], at) for at in range(copies)]
    repeats += [_near(candidates[copies + at], at) for at in range(copies)]
    return [*originals, *refused, *repeats]


def prose(at: int, words: int = 150) -> list[str]:
    """Return sentences of English that no two numbers share; some name an address or a card."""
    drawn, made = random.Random(at), []
    for begin in range(0, words, 10):
        picked = [drawn.choice(VOCABULARY if place % 3 else JOINTS) for place in range(9)]
        made.append(f"{' '.join(picked).capitalize()} unit{at}x{begin}.")
    if at % 3 == 0:
        made.append(f"Write to {EMAIL} and pay by the card {CARD} for it.")
    return made


def _original(at: int, office: int) -> Case:
    kind = OFFICE[at % 2] if at < office else FORMATS[at % len(FORMATS)]
    folder = "plain" if at % 11 == 0 and at >= office else f"d{at % 7}"
    return Case(key=f"{TENANTS[at % 2]}/{folder}/{at:05}.{kind}", data=_written(prose(at), at, kind))


def _refused(name: str, at: int) -> Case:
    code, data = BAD[name]
    return Case(key=f"{TENANTS[at % 2]}/bad/{at}-{name}", data=data, code=code)


def _exact(original: Case, at: int) -> Case:
    tenant = original.key.partition("/")[0]
    key = f"{tenant}/z-copies/{at:05}.{original.key.rpartition('.')[2]}"
    return Case(key=key, data=original.data, repeats=original.key, kind="exact")


def _near(original: Case, at: int) -> Case:
    number, _, kind = original.key.rpartition("/")[2].partition(".")
    of, sentences = int(number), prose(int(number))
    sentences[3] = sentences[3].replace(" unit", " mended unit")
    tenant = original.key.partition("/")[0]
    data = _written(sentences, of, kind)
    return Case(key=f"{tenant}/z-near/{at:05}.{kind}", data=data, repeats=original.key, kind="near")


def _written(sentences: list[str], at: int, kind: str) -> bytes:
    text = " ".join(sentences)
    match kind:
        case "md":
            return f"# Manual {at}\n\n## Service of “pumps”\n\n{text}\n".encode()
        case "txt":
            return (text + "\r\n\x00\u200b").encode("utf-16")
        case "html":
            title = f"<html><head><title>Manual {at}</title></head>"
            items = "".join(f"<li>{sentence}</li>" for sentence in sentences[:2])
            return f"{title}<body><main><p>{text} Naïve café.</p><ul>{items}</ul></main></body></html>".encode()
        case "csv":
            return ("note,text\n" + "".join(f'the {at},"{one}"\n' for one in sentences)).encode()
        case "tsv":
            return ("note\ttext\n" + "".join(f"the {at}\t{one}\n" for one in sentences)).encode()
        case "json":
            return json.dumps({"id": at, "sentences": sentences}).encode()
        case "jsonl":
            return "".join(json.dumps({"text": one}) + "\n" for one in sentences).encode()
        case "docx":
            return docx(paragraph(f"Manual {at}", "Heading1") + "".join(map(paragraph, sentences)))
        case _:
            return pdf([sentences[:8], sentences[8:]], title=f"Manual {at}")
