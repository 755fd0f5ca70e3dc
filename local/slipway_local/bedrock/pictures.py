"""Images of a conversation: which are refused, and their size, read from the first bytes.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html (20 images, each of 3.75 MB and
8,000 by 8,000 pixels at most, in messages of the user), and API_runtime_ImageBlock.html
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, NamedTuple

from ..aws_json import validation_error

MAX_IMAGES, MAX_BYTES, MAX_PIXELS = 20, 3_750_000, 8_000
_SIGNATURES = {"png": (b"\x89PNG\r\n\x1a\n",), "jpeg": (b"\xff\xd8\xff",), "gif": (b"GIF87a", b"GIF89a"),
               "webp": (b"RIFF",)}  # fmt: skip


class Picture(NamedTuple):
    """An image in the turn of this index."""

    turn: int
    format: str
    data: bytes


def parse(block: Any, turn: int, role: str) -> Picture:
    """Return the image of a content block. Raises: ServiceError for what Bedrock refuses, and for one in S3."""
    if role != "user":
        raise validation_error("Images may be included in messages of the role user only.")
    kind, source = block.get("format"), block.get("source") or {}
    if kind not in _SIGNATURES:
        raise validation_error("Value at 'image.format' failed to satisfy constraint: [png, jpeg, gif, webp]")
    if "bytes" not in source:
        raise validation_error("The local Bedrock takes an image's bytes only, not its s3Location.")
    try:
        data = base64.b64decode(source["bytes"], validate=True)
    except (binascii.Error, TypeError) as error:
        raise validation_error("image.source.bytes is not base64") from error
    if len(data) > MAX_BYTES:
        raise validation_error(f"The image has {len(data)} bytes, more than {MAX_BYTES}.")
    if not data.startswith(_SIGNATURES[kind]) or (kind == "webp" and data[8:12] != b"WEBP"):
        raise validation_error("Could not process image")
    width, height = _png_pixels(data) if kind == "png" else (0, 0)
    if max(width, height) > MAX_PIXELS:
        raise validation_error(f"The image has {width} x {height} pixels, more than {MAX_PIXELS} x {MAX_PIXELS}.")
    return Picture(turn, str(kind), data)


def check_number(pictures: list[Picture]) -> None:
    """Refuse more images than a message may have. Raises: ServiceError."""
    if any(sum(one.turn == turn for one in pictures) > MAX_IMAGES for turn in {one.turn for one in pictures}):
        raise validation_error(f"A message may hold at most {MAX_IMAGES} images.")


def _png_pixels(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
