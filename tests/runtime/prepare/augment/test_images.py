"""The type and the pixels of images by their first bytes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.prepare.augment.books import Verdict
from slipway_runtime.prepare.augment.images import MAX_BYTES, Image, read_image

pytestmark = pytest.mark.capability("D6")


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height)


def jpeg(width: int, height: int) -> bytes:
    comment, frame = b"\xff\xfe\x00\x06note", b"\xff\xff\xc2\x00\x0b\x08" + struct.pack(">HH", height, width)
    return b"\xff\xd8" + comment + frame + bytes(8)


def webp(kind: bytes, rest: bytes) -> bytes:
    return b"RIFF\x00\x00\x00\x00WEBP" + kind + bytes(4) + rest


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (png(640, 480), "png"),
        (b"GIF89a" + struct.pack("<HH", 640, 480), "gif"),
        (b"\xff\xd8\xff" + jpeg(640, 480)[3:], "jpeg"),
        (webp(b"VP8 ", bytes(6) + struct.pack("<HH", 640, 480)), "webp"),
        (webp(b"VP8L", b"\x2f" + struct.pack("<I", 639 | 479 << 14)), "webp"),
        (webp(b"VP8X", bytes(4) + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")), "webp"),
    ],
)
def test_every_format_is_measured(data: bytes, kind: str) -> None:
    assert read_image(data) == Image(kind, data, 640, 480)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (png(4, 8001), "image_too_large"),
        (png(0, 4), "image_too_large"),
        (png(4, 4) + bytes(MAX_BYTES), "image_too_large"),
        (b"%PDF-1.7", "image_type_not_supported"),
        (b"", "image_type_not_supported"),
        (b"\xff\xd8\xff", "image_type_not_supported"),
    ],
)
def test_what_no_model_can_be_shown_is_a_verdict(data: bytes, code: str) -> None:
    found = read_image(data)
    assert isinstance(found, Verdict)
    assert found.code == code


@given(start=st.sampled_from([png(4, 4), jpeg(4, 4), webp(b"VP8L", b""), b"GIF89a", b""]), rest=st.binary(max_size=64))
def test_no_bytes_break_it(start: bytes, rest: bytes) -> None:
    for cut in range(len(start) + 1):
        read_image(start[:cut] + rest)
