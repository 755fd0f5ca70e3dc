"""A grounded answer that comes in pieces begins the very text that the whole gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway_runtime.generate.answer import REFUSAL, checked
from slipway_runtime.generate.cited_stream import CitedStream
from slipway_runtime.generate.models import Reply
from slipway_runtime.retrieve.stores.contract import Hit

pytestmark = [pytest.mark.capability("S7"), pytest.mark.capability("R8")]
PARTS = st.sampled_from(
    [
        "word",
        " ",
        "  ",
        "\n",
        "[1]",
        "[2]",
        "[9]",
        "[1, 3]",
        "[",
        "]",
        "1",
        ",",
        "`",
        "``",
        "```",
        "[x]",
        "NO_ANSWER",
        ".",
    ]
)


def hits(number: int) -> list[Hit]:
    known = {"document_id": "d", "path": "p", "content": "word", "heading": "", "page": None}
    return [Hit(chunk_id=str(n), score=0.5, fused=0.5, **known) for n in range(number)]


@given(text=st.lists(PARTS, max_size=30).map("".join), cuts=st.lists(st.integers(1, 6), min_size=1, max_size=40))
@settings(max_examples=400, deadline=None)
def test_pieces_are_the_whole(text: str, cuts: list[int]) -> None:
    shown, stream, at, turn = "", CitedStream(3), 0, 0
    while at < len(text):
        step = cuts[turn % len(cuts)]
        shown += stream.add(text[at : at + step])
        at, turn = at + step, turn + 1
    answer = checked(Reply(text, "stop", 1, 1), hits(3), "q", "q", may_be_cut=False)
    assert answer.text.startswith(shown)
    assert shown + stream.rest(answer.text) == answer.text
    if not answer.grounding.grounded:
        assert not shown, "what nobody can check is not shown"


def test_it_is_shown_from_the_first_citation_on() -> None:
    stream = CitedStream(2)
    pieces = ["The sky", " is blue [", "2", "]", " and", " wide", " [1].", " End"]
    assert [stream.add(piece) for piece in pieces] == [
        "",
        "",
        "",
        "The sky is blue [1]",
        " and",
        " wide",
        " [2].",
        " End",
    ]


def test_a_refusal_is_never_shown_in_part() -> None:
    stream = CitedStream(2)
    assert [stream.add(piece) for piece in ("NO", "_ANSWER [1]", " more")] == ["", "", ""]
    assert stream.rest(REFUSAL) == REFUSAL
