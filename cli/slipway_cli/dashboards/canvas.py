"""A page to draw on, which becomes a PNG: its marks are written as a PDF, and PDFium, which ingestion reads PDFs with,
makes the pixels. So no library for plots is needed.

Source: ISO 32000-1, 8.5 (paths), 9.4 (text), annex D (WinAnsiEncoding); https://www.w3.org/TR/png/
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Colour = str  # like #0072b2
SCALE = 2.0  # pixels for a point
WIDE = {".": 0.278, ",": 0.278, " ": 0.278, ":": 0.278, "M": 0.833, "m": 0.833, "i": 0.222, "l": 0.222}
EM = 0.54  # of the other letters of Helvetica, on average; its digits are 0.556


class Canvas:
    """Units: points from the upper left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._marks: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, fill: Colour, edge: Colour = "") -> None:
        """Draw a rectangle."""
        edged = f"{_rgb(edge)} RG 0.6 w " if edge else ""
        place = f"{x:.2f} {self.height - y - height:.2f} {width:.2f} {height:.2f} re"
        self._marks.append(f"{edged}{_rgb(fill)} rg {place} {'B' if edge else 'f'}")

    def line(self, points: Sequence[tuple[float, float]], colour: Colour, width: float = 1.2) -> None:
        """Draw a line through points."""
        path = " ".join(f"{x:.2f} {self.height - y:.2f} {'l' if at else 'm'}" for at, (x, y) in enumerate(points))
        self._marks.append(f"{_rgb(colour)} RG {width} w 1 j {path} S")

    def text(
        self, x: float, y: float, text: str, *, size: float = 7, colour: Colour = "#333333", bold: bool = False
    ) -> None:
        """Write a text that begins at x, on the line y."""
        shown = text.encode("cp1252", "replace").decode("latin-1")
        for mark in "\\()":
            shown = shown.replace(mark, "\\" + mark)
        font = "B" if bold else "N"
        self._marks.append(f"BT {_rgb(colour)} rg /{font} {size} Tf {x:.2f} {self.height - y:.2f} Td ({shown}) Tj ET")

    def save(self, path: Path) -> None:
        """Write the page as a PNG."""
        import pypdfium2  # noqa: PLC0415 - heavy, and needed for pictures alone

        document = pypdfium2.PdfDocument(self._pdf())
        pixels: Any = document[0].render(scale=SCALE, rev_byteorder=True).to_numpy()
        path.write_bytes(_png(pixels[:, :, :3]))
        document.close()

    def _pdf(self) -> bytes:
        content = zlib.compress("\n".join(self._marks).encode("latin-1"))
        fonts = [f"<</Type/Font/Subtype/Type1/BaseFont/{name}/Encoding/WinAnsiEncoding>>" for name in FONTS]
        page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {self.width:.2f} {self.height:.2f}]"
        parts = [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            f"{page}/Resources<</Font<</N 4 0 R/B 5 0 R>>>>/Contents 6 0 R>>".encode(),
            *(font.encode() for font in fonts),
            f"<</Length {len(content)}/Filter/FlateDecode>>\nstream\n".encode() + content + b"\nendstream",
        ]
        out, offsets = b"%PDF-1.4\n", []
        for number, part in enumerate(parts, 1):
            offsets.append(len(out))
            out += f"{number} 0 obj\n".encode() + part + b"\nendobj\n"
        table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
        head = f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}"
        return out + f"{head}trailer<</Size {len(parts) + 1}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF".encode()


FONTS = ("Helvetica", "Helvetica-Bold")


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is, in points."""
    return size * sum(WIDE.get(letter, 0.556 if letter.isdigit() else EM) for letter in text)


def _rgb(colour: Colour) -> str:
    return " ".join(f"{int(colour[at : at + 2], 16) / 255:.3f}" for at in (1, 3, 5))


def _png(pixels: Any) -> bytes:
    """Return an array of rows, columns and RGB bytes as a PNG."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
