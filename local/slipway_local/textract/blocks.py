"""Blocks as Textract describes a page: the page, its lines, their words, each with its place.

Source: https://docs.aws.amazon.com/textract/latest/dg/how-it-works-lines-words.html
"""

import uuid
from typing import Any

Block = dict[str, Any]
SURE, UNSURE = 99.5, 55.0
UNREADABLE = "\ufffd"  # a line with this character is one that is hard to read
LEFT, TOP, WIDTH, HEIGHT = 0.1, 0.05, 0.8, 0.9


def blocks(pages: list[list[str]]) -> list[Block]:
    """Return the blocks of all pages, numbered from 1."""
    return [block for number, lines in enumerate(pages, 1) for block in _page(number, lines)]


def _page(number: int, lines: list[str]) -> list[Block]:
    below: list[Block] = []
    for at, text in enumerate(lines):
        below += _line(number, text, TOP + HEIGHT * at / len(lines), HEIGHT / len(lines) * 0.8)
    children = [block["Id"] for block in below if block["BlockType"] == "LINE"]
    return [_block("PAGE", number, (0.0, 0.0, 1.0, 1.0), children), *below]


def _line(page: int, text: str, top: float, height: float) -> list[Block]:
    confidence = UNSURE if UNREADABLE in text else SURE
    words, step = text.split(), WIDTH / max(1, len(text))
    found, at = [], 0
    for word in words:
        at = text.index(word, at)
        said = {"Text": word, "TextType": "PRINTED", "Confidence": confidence}
        found.append(_block("WORD", page, (LEFT + step * at, top, step * len(word), height)) | said)
        at += len(word)
    line = _block("LINE", page, (LEFT, top, WIDTH, height), [word["Id"] for word in found])
    return [line | {"Text": text, "Confidence": confidence}, *found]


def _block(kind: str, page: int, place: tuple[float, float, float, float], children: list[str] | None = None) -> Block:
    left, top, width, height = place
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    block: Block = {
        "BlockType": kind,
        "Id": str(uuid.uuid4()),
        "Page": page,
        "Geometry": {
            "BoundingBox": {"Left": left, "Top": top, "Width": width, "Height": height},
            "Polygon": [{"X": x, "Y": y} for x, y in corners],
        },
    }
    return block | ({"Relationships": [{"Type": "CHILD", "Ids": children}]} if children else {})
