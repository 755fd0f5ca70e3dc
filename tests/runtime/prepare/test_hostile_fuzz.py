"""Whatever bytes come under whatever name: a document or a verdict, in bounded time, twice the same."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway_runtime.prepare.curate import RawObject, curate, read_line
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.build import build
from slipway_runtime.prepare.rules.settings import Quality, Redaction, Rules
from slipway_runtime.retrieve.chunk import ChunkSettings, chunk
from support.hostile import PAGES, TEXTS

SECONDS = 5.0
RULES = build(
    Rules(redact=Redaction(kinds=("email", "phone", "card", "iban", "ssn", "ip", "secret")), quality=Quality())
)
NAMES = st.sampled_from(["a.txt", "a.md", "a.html", "a.csv", "a.json", "a.jsonl", "a", "a.bin"])
FAMILIES = st.sampled_from([*TEXTS.values(), *PAGES.values()])
UNITS = st.builds(lambda family, size: family(size), FAMILIES, st.integers(1, 400))
TEXT = st.lists(st.one_of(UNITS, st.text(max_size=40)), max_size=8).map("".join)
ENCODED = st.builds(
    lambda text, encoding: text.encode(encoding, "replace"), TEXT, st.sampled_from(["utf-8", "utf-16", "cp1252"])
)
DATA = st.one_of(ENCODED, st.binary(max_size=200), st.tuples(ENCODED, st.binary(max_size=20)).map(b"".join))
SETTINGS = ChunkSettings(max_characters=200, overlap_characters=40)


@pytest.mark.capability("D1")
@pytest.mark.capability("D2")
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(DATA, NAMES)
def test_any_bytes_become_a_document_or_a_verdict(data: bytes, name: str) -> None:
    raw = RawObject(key=f"default/{name}", version_id="1", data=data)
    began = time.process_time()
    try:
        curated = curate(raw, RULES)
    except Rejected as rejected:
        assert rejected.reason
        with pytest.raises(Rejected) as again:
            curate(raw, RULES)
        assert again.value.code == rejected.code
        return
    pieces = chunk(curated.prepared(), SETTINGS)
    assert time.process_time() - began < SECONDS
    assert curate(raw, RULES).line() == curated.line()
    assert read_line(curated.line()) == curated
    _check_chunks(curated.text, pieces)


def _check_chunks(text: str, pieces: list) -> None:
    covered: set[int] = set()
    for piece in pieces:
        assert text[piece.start : piece.end] == piece.content[piece.repeated :]
        assert len(piece.content) <= SETTINGS.max_characters
        covered.update(range(piece.start, piece.end))
    assert all(character.isspace() for at, character in enumerate(text) if at not in covered)
