"""Which kind of document these bytes are: content decides, the extension only between kinds of text."""

import re
from typing import Literal

from slipway_runtime.prepare.decode import CONTROL
from slipway_runtime.prepare.rejected import Rejected, Scan
from slipway_runtime.prepare.tiff import count_pages

MediaType = Literal[
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "text/html",
    "text/markdown",
    "text/plain",
    "application/json",
    "application/x-ndjson",
    "text/csv",
]
PDF: MediaType = "application/pdf"
DOCX: MediaType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
JSON: MediaType = "application/json"
KNOWN = "PDF, DOCX, HTML, Markdown, text, JSON, JSONL or CSV"
RTF = b"{\\rtf"
# First bytes of what people upload by mistake, so that the reason can name it.
REFUSED = (
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (RTF, "an RTF document"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "a SQLite database"),
    (b"PAR1", "a Parquet file"),
)
SCANS = (
    (b"\x89PNG", "a PNG image", "image/png"),
    (b"\xff\xd8\xff", "a JPEG image", "image/jpeg"),
    (b"II*\x00", "a TIFF image", "image/tiff"),
    (b"MM\x00*", "a TIFF image", "image/tiff"),
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HTML_START = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
VISIBLE = re.compile(r"\S")
SAMPLE_CHARACTERS = 64 * 1024
TAG = re.compile(r"<[a-z][a-z0-9]{0,15}\b[^<>]*>", re.IGNORECASE)
BY_EXTENSION: dict[str, MediaType] = {
    "md": "text/markdown",
    "markdown": "text/markdown",
    "mdx": "text/markdown",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "tsv": "text/csv",
}
HTML_EXTENSIONS = ("html", "htm", "xhtml")
TEXT_EXTENSIONS = frozenset((*BY_EXTENSION, *HTML_EXTENSIONS, "txt"))


def extension(path: str) -> str:
    """Return the lower-case extension of a key's last segment without the dot, or ""."""
    name = path.rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""


def names_text(path: str) -> bool:
    """Return whether the extension says that the content is text."""
    return extension(path) in TEXT_EXTENSIONS


def sniff_binary(data: bytes, path: str) -> MediaType | None:
    """Return the kind of a binary document, or None where the bytes should be text.

    Raises: Scan for an image that may hold text, Rejected for a binary kind that is not read, or one whose extension
    promises what the bytes are not.
    """
    if b"%PDF-" in data[:1024] and not (extension(path) != "pdf" and b"endobj" not in data and _reads_as_text(data)):
        return PDF
    if data.startswith(b"PK\x03\x04"):
        return DOCX
    if data.startswith(OLE):
        raise _legacy_office(data)
    for magic, name, media_type in SCANS:
        if data.startswith(magic):
            pages = count_pages(data) if media_type == "image/tiff" else 1
            raise Scan("unsupported_type", f"the content is {name}", media_type=media_type, pages=pages)
    for magic, name in REFUSED:
        if data.startswith(magic) and (magic == RTF or not _reads_as_text(data)):
            raise Rejected(
                "unsupported_type", f"the content is {name}; expected {KNOWN}; convert it and upload it again"
            )
    match extension(path):
        case "pdf":
            raise Rejected(
                "broken_pdf", "the name ends in .pdf but the content does not begin with %PDF-; export it again"
            )
        case "docx":
            raise Rejected("broken_docx", "the name ends in .docx but the content is not a ZIP archive; save it again")
    return None


def _reads_as_text(data: bytes) -> bool:
    """Return whether this is UTF-8 without control characters: prose that begins with the letters of a format."""
    try:
        return CONTROL.search(data.decode("utf-8")) is None
    except UnicodeDecodeError:
        return False


def _legacy_office(data: bytes) -> Rejected:
    if "EncryptedPackage".encode("utf-16-le") in data[: 1024 * 1024]:
        return Rejected(
            "encrypted_docx", "the document is protected by a password; remove the protection and save it again"
        )
    return Rejected("unsupported_type", f"the content is an Office 97 file; expected {KNOWN}; save it as .docx or .pdf")


def sniff_text(text: str, path: str) -> MediaType:
    """Return the kind of a text: HTML by its first tags, the rest by extension where the content does not speak."""
    suffix = extension(path)
    if _begins_as_html(text[:SAMPLE_CHARACTERS]) or (
        suffix in HTML_EXTENSIONS and TAG.search(text[:SAMPLE_CHARACTERS])
    ):
        return "text/html"
    if suffix in BY_EXTENSION:
        return BY_EXTENSION[suffix]
    if not suffix and text.lstrip()[:1] in ("{", "["):
        return JSON
    return "text/plain"


def guesses(text: str, path: str) -> tuple[MediaType, ...]:
    """Return the kinds that a text may be, to be read as the first that it proves to be.

    More than one where nothing but its first character speaks for JSON.
    """
    first = sniff_text(text, path)
    return (first, "application/x-ndjson", "text/plain") if first == JSON and not extension(path) else (first,)


def _begins_as_html(text: str) -> bool:
    """Look behind white space, an XML declaration and comments; by find, since a pattern backtracks for ever."""
    position = _after_blanks(text, 0)
    if text.startswith("<?xml", position):
        if (end := text.find(">", position)) < 0:
            return False
        position = _after_blanks(text, end + 1)
    while text.startswith("<!--", position):
        if (end := text.find("-->", position)) < 0:
            return False
        position = _after_blanks(text, end + 3)
    return HTML_START.match(text, position) is not None


def _after_blanks(text: str, position: int) -> int:
    found = VISIBLE.search(text, position)
    return found.start() if found else len(text)
