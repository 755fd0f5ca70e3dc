"""Images of the raw bucket that a model can be shown: their type by their first bytes, their size, their pixels.

Source: Amazon Bedrock API reference, Message (each image at most 3.75 MB, 8,000 by 8,000 pixels) and ImageBlock (png,
jpeg, gif, webp); for the headers RFC 2083, ITU T.81, the GIF89a specification and RFC 9649.
"""

import re
from typing import Literal

import msgspec

from slipway_runtime.prepare.augment.books import Verdict

MAX_BYTES, MAX_PIXELS = 3_750_000, 8_000
IMAGE_KEY = re.compile(r"\.(?:png|jpe?g|gif|webp)\Z", re.IGNORECASE)
Format = Literal["png", "jpeg", "gif", "webp"]
# Segments of JPEG that begin a frame, and so hold its size: SOF0 to SOF15 without DHT, JPG and DAC.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
START_OF_SCAN = 0xDA


class Image(msgspec.Struct, frozen=True):
    """An image as Converse takes it. Units: pixels."""

    format: Format
    data: bytes
    width: int
    height: int


def read_image(data: bytes) -> Image | Verdict:
    """Return the image in these bytes, or why no model can be shown it."""
    if len(data) > MAX_BYTES:
        return Verdict(
            "image_too_large", f"it has {len(data)} bytes, at most {MAX_BYTES} can be shown; make it smaller"
        )
    found = _measured(data)
    if found is None:
        return Verdict("image_type_not_supported", "its bytes begin no PNG, JPEG, GIF or WebP; save it as one of these")
    kind, width, height = found
    if not (0 < width <= MAX_PIXELS and 0 < height <= MAX_PIXELS):
        return Verdict("image_too_large", f"it has {width} x {height} pixels, 1 to {MAX_PIXELS} each way can be shown")
    return Image(kind, data, width, height)


def _measured(data: bytes) -> tuple[Format, int, int] | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return "png", _big(data[16:20]), _big(data[20:24])
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif", _little(data[6:8]), _little(data[8:10])
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    return None


def _webp(data: bytes) -> tuple[Format, int, int] | None:
    match data[12:16]:
        case b"VP8 ":
            return "webp", _little(data[26:28]) & 0x3FFF, _little(data[28:30]) & 0x3FFF
        case b"VP8L":
            bits = _little(data[21:25])
            return "webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return "webp", _little(data[24:27]) + 1, _little(data[27:30]) + 1
    return None


def _jpeg(data: bytes) -> tuple[Format, int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF and data[at + 1] != START_OF_SCAN:
        if data[at + 1] == 0xFF:  # fill
            at += 1
        elif data[at + 1] in FRAMES:
            return "jpeg", _big(data[at + 7 : at + 9]), _big(data[at + 5 : at + 7])
        else:
            at += 2 + _big(data[at + 2 : at + 4])
    return None


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
