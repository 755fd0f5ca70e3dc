"""Sixteen times the text is at most 64 times the work, for every family of hostile documents and every step.

Work is CPU time: linear steps take 16 times as long, quadratic ones 256. What takes less than `FLOOR` for the small
text is counted as that, since its clock is noise; a measurement over the bound is repeated, and the best one counts.
"""

import time
from collections.abc import Callable
from typing import get_args

import pytest

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.decode import decode
from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.prepare.formats.reader import read
from slipway_runtime.prepare.prepare import headings
from slipway_runtime.prepare.redact.redact import Redact
from slipway_runtime.prepare.redact.span import STRENGTH
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.build import build
from slipway_runtime.prepare.rules.language import identify
from slipway_runtime.prepare.rules.settings import C4, FineWeb, Gopher, Quality, Repetition, Rules
from slipway_runtime.prepare.sniff import MediaType, sniff_text
from slipway_runtime.retrieve.chunk import ChunkSettings, chunk
from support.hostile import PAGES, TEXTS, Family

FACTOR, MAX_GROWTH = 16, 64  # an exponent of 1.5
SMALL_CHARACTERS = 12_000
FLOOR_SECONDS = 0.004
TRIES = 4
TEXT_TYPES: tuple[MediaType, ...] = get_args(MediaType)[2:]
QUALITY = Rules(quality=Quality(gopher=Gopher(), repetition=Repetition(), c4=C4(), fineweb=FineWeb()))


def _reading(media_type: MediaType) -> Callable[[str], object]:
    return lambda text: read(media_type, text.encode("utf-8", "replace"), TextBudget(20_000_000))


def _document(text: str) -> PreparedDocument:
    return PreparedDocument(text=text, title="", media_type="text/markdown", headings=headings(text))


STEPS: dict[str, Callable[[str], object]] = {
    **{f"read {media_type}": _reading(media_type) for media_type in TEXT_TYPES},
    "sniff": lambda text: sniff_text(text, "a.html"),
    "decode": lambda text: decode(text.encode("cp1252", "replace")),
    "redact": lambda text: Redact(kinds=frozenset(STRENGTH) - {"name"}).rewrite(text),
    "filter": lambda text: build(QUALITY).check(_document(text)),
    "language": identify,
    "chunk": lambda text: chunk(_document(text), ChunkSettings(max_characters=1200, overlap_characters=150)),
}


def _seconds(step: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    try:
        step(text)
    except Rejected as rejected:
        assert rejected.reason  # a verdict, in time, is an answer too
    return time.process_time() - began


def growth(step: Callable[[str], object], family: Family) -> float:
    """Return how many times the work of one text that of sixteen is: the least of some tries."""
    small, large = family(SMALL_CHARACTERS), family(SMALL_CHARACTERS * FACTOR)
    least = float("inf")
    base = FLOOR_SECONDS
    for _ in range(TRIES):
        base = max(base, _seconds(step, small))
        least = min(least, _seconds(step, large))
        if least / base < MAX_GROWTH:
            break
    return least / base


@pytest.mark.capability("D1")
@pytest.mark.capability("D2")
@pytest.mark.capability("D3")
@pytest.mark.parametrize("step", STEPS)
def test_work_grows_with_the_text_and_not_with_its_square(step: str) -> None:
    families = PAGES if step in ("read text/html", "sniff") else TEXTS
    found = {name: growth(STEPS[step], family) for name, family in families.items()}
    assert {name: round(times) for name, times in found.items() if times >= MAX_GROWTH} == {}


def test_a_quadratic_step_would_be_found() -> None:
    def quadratic(text: str) -> object:
        return [text.count("\0", at) for at in range(0, len(text), 4)]

    assert growth(quadratic, TEXTS["one word"]) >= MAX_GROWTH
