"""The text of a scan, page by page. There is no character recognition here: an image says itself what stands in it.

PNG: the text chunk `Description`. JPEG: the comment. TIFF: the tag ImageDescription of each page. PDF: `dc:description`
in its XMP, an item for each page. An image without these is a blank page.
Source: https://docs.aws.amazon.com/textract/latest/dg/limits-document.html (what the service refuses)
"""

import re
import struct
from collections.abc import Iterator
from html import unescape
from itertools import zip_longest

MAX_IMAGE_BYTES, MAX_JOB_BYTES = 10 * 1024**2, 500 * 1024**2
MAX_PAGES, MAX_POINTS = 3_000, 9_000
PDF_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
MEDIA_BOX = re.compile(rb"/MediaBox\s*\[\s*[\d.]+\s+[\d.]+\s+([\d.]+)\s+([\d.]+)\s*\]")
DESCRIPTION = re.compile(rb"<dc:description>(.*?)</dc:description>", re.DOTALL)
ITEM = re.compile(r"<rdf:li[^>]*>(.*?)</rdf:li>", re.DOTALL)
IMAGE_DESCRIPTION = 270
Pages = list[list[str]]


class UnreadableError(Exception):
    """A document that the service refuses; `code` is its exception's name, `status` a failed job's message."""

    def __init__(self, code: str, message: str, status: str = "INVALID_IMAGE_TYPE") -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def read(data: bytes, *, one_page: bool) -> Pages:
    """Return the lines of each page. `one_page`: as the synchronous operations do. Raises: UnreadableError."""
    is_image = data.startswith((b"\x89PNG", b"\xff\xd8\xff"))
    if len(data) > (MAX_IMAGE_BYTES if one_page or is_image else MAX_JOB_BYTES):
        raise UnreadableError("DocumentTooLargeException", "The document is larger than the operation allows.")
    pages = [text.split("\n") if text else [] for text in _texts(data)]
    if one_page and len(pages) > 1:
        message = f"Request has unsupported document format: {len(pages)} pages, a synchronous operation reads 1."
        raise UnreadableError("UnsupportedDocumentException", message)
    if len(pages) > MAX_PAGES:
        raise UnreadableError("DocumentTooLargeException", f"{len(pages)} pages, at most {MAX_PAGES} are read.")
    return pages


def _texts(data: bytes) -> list[str]:
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return [_png(data)]
        if data.startswith(b"\xff\xd8\xff"):
            return [_jpeg(data)]
        if data[:4] in (b"II*\x00", b"MM\x00*"):
            return list(_tiff(data))
    except (struct.error, IndexError) as error:
        raise UnreadableError("BadDocumentException", "The image is damaged.") from error
    if b"%PDF-" in data[:1024]:
        return _pdf(data)
    raise UnreadableError("UnsupportedDocumentException", "Request has unsupported document format")


def _png(data: bytes) -> str:
    position, found = 8, ""
    while True:  # a chunk that is not there is an error
        size, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + size]
        name, _, text = body.partition(b"\x00")
        if kind == b"tEXt" and name == b"Description":
            found = text.decode("latin-1")
        if kind == b"iTXt" and name == b"Description" and text[:1] == b"\x00":
            found = text[2:].split(b"\x00", 2)[2].decode()
        if kind == b"IEND":
            return found
        position += 12 + size


def _jpeg(data: bytes) -> str:
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF and data[position + 1] != 0xDA:
        (size,) = struct.unpack_from(">H", data, position + 2)
        if data[position + 1] == 0xFE:
            return data[position + 4 : position + 2 + size].decode()
        position += 2 + size
    return ""


def _tiff(data: bytes) -> Iterator[str]:
    order = "<" if data.startswith(b"II") else ">"
    (offset,) = struct.unpack_from(f"{order}I", data, 4)
    seen: set[int] = set()
    while offset and offset not in seen:
        seen.add(offset)
        (entries,) = struct.unpack_from(f"{order}H", data, offset)
        fields = [struct.unpack_from(f"{order}HHII", data, offset + 2 + 12 * at) for at in range(entries)]
        found = [data[at : at + size] for tag, _, size, at in fields if tag == IMAGE_DESCRIPTION and size > 4]
        yield found[0].rstrip(b"\x00").decode() if found else ""
        (offset,) = struct.unpack_from(f"{order}I", data, offset + 2 + 12 * entries)


def _pdf(data: bytes) -> list[str]:
    if b"/Encrypt" in data:
        raise UnreadableError("UnsupportedDocumentException", "The PDF is protected by a password.")
    if any(float(side) > MAX_POINTS for box in MEDIA_BOX.findall(data) for side in box):
        message = f"A page is larger than {MAX_POINTS} points."
        raise UnreadableError("UnsupportedDocumentException", message, "UNSUPPORTED_DOCUMENT")
    described = DESCRIPTION.search(data)
    texts = [unescape(text) for text in ITEM.findall(described[1].decode())] if described else []
    pages = max(1, len(PDF_PAGE.findall(data)))
    return [text or "" for text, _ in zip_longest(texts[:pages], range(pages))]
