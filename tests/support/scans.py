"""Scans: images and PDF without a text layer, which say in their metadata what the local Textract reads in them."""

import struct
import zlib
from html import escape

from support.office import pdf_file, stream


def png(*lines: str) -> bytes:
    """A white PNG whose text chunk `Description` holds the lines."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    side = 16
    text = b"Description\x00\x00\x00\x00\x00" + "\n".join(lines).encode()
    pixels = zlib.compress(b"".join(b"\x00" + b"\xff" * side for _ in range(side)))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    described = chunk(b"iTXt", text) if lines else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + described + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg(*lines: str) -> bytes:
    """The head of a JPEG with the lines as its comment."""
    comment = "\n".join(lines).encode()
    return b"\xff\xd8\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + b"\xff\xda\x00\x02\xff\xd9"


def tiff(*pages: str) -> bytes:
    """A TIFF of one directory a page, with the page's text as ImageDescription."""
    out = bytearray(b"II*\x00" + struct.pack("<I", 8))
    for number, page in enumerate(pages, 1):
        text, start = page.encode() + b"\x00", len(out)
        after = start + 2 + 12 + 4 + len(text)
        out += struct.pack("<HHHII", 1, 270, 2, len(text), start + 18)
        out += struct.pack("<I", after if number < len(pages) else 0) + text
    return bytes(out)


def scan(*pages: str, side: int = 842) -> bytes:
    """A PDF without a text layer whose XMP describes each page. Units: `side` points of its height."""
    items = "".join(f"<rdf:li>{escape(page)}</rdf:li>" for page in pages)
    xmp = f"<x:xmpmeta><dc:description><rdf:Seq>{items}</rdf:Seq></dc:description></x:xmpmeta>".encode()
    kids = " ".join(f"{4 + at} 0 R" for at in range(len(pages)))
    return pdf_file(
        [
            b"<< /Type /Catalog /Pages 2 0 R /Metadata 3 0 R >>",
            f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
            stream(xmp, "/Type /Metadata /Subtype /XML"),
            *(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 {side}] >>".encode() for _ in pages),
        ]
    )
