"""Question files: every line that cannot be used is named, with what was expected."""

import json
from pathlib import Path

import pytest

from slipway_runtime.evaluate.questions import InvalidQuestions, Question, Relevant, read
from slipway_runtime.retrieve.stores.contract import Hit

pytestmark = pytest.mark.capability("R9")


def hit(path: str, content: str) -> Hit:
    return Hit(chunk_id=path, document_id=path, path=path, heading="", page=None, content=content, score=0.5, fused=0.1)


def test_relevant_is_by_document_by_passage_or_by_both() -> None:
    question = Question(
        question="?",
        relevant=[Relevant(document="a.md"), Relevant(passage="Six  HOURS"), Relevant(document="a.md", passage="sun")],
    )
    ranking = question.ranking([hit("b.md", "needs six\nhours of sun"), hit("a.md", "the sun"), hit("c.md", "no")])
    assert ranking == [{1}, {0, 2}, set()]


def test_our_own_sets_can_be_read_and_share_no_question() -> None:
    folder = Path(__file__).parents[2] / "local"
    tuned, held_out = (
        read((folder / f"npm_questions_{half}.jsonl").read_bytes().split(b"\n")) for half in ("tuned", "held_out")
    )
    assert len(tuned) + len(held_out) >= 60
    assert not {one.question for one in tuned} & {one.question for one in held_out}


def test_every_wrong_line_is_named() -> None:
    lines = [
        {"question": "fine?", "relevant": [{"document": "a.md"}]},
        {"question": " ", "answers": ["x"]},
        {"question": "?"},
        {"question": "?", "relevant": [{}]},
        {"question": "?", "answers": [""]},
        {"question": "?", "answers": ["x"], "answerable": False},
        {"question": "?", "answers": ["x"], "filter": {"type": "eq", "key": "tenant", "value": "x"}},
        {"question": "?", "answer": "x"},
        {"question": 3},
    ]
    with pytest.raises(InvalidQuestions) as caught:
        read([json.dumps(line).encode() for line in lines] + [b"{", b"", b"\xff"])
    text = str(caught.value)
    for number, said in (
        (2, "`question` is empty"),
        (3, "neither `relevant` nor `answers`"),
        (4, "`relevant[0]` names neither"),
        (5, "`answers` is empty"),
        (6, "`answerable` is false"),
        (7, "filter.key"),
        (8, "`answer`"),
        (9, "Expected `str`"),
        (10, "truncated"),
        (12, ""),
    ):
        assert f"line {number}: " in text
        assert said in text
    assert "line 1:" not in text


@pytest.mark.parametrize(
    ("lines", "said"), [([], "holds no question"), ([b'{"question":"?","answers":["x"]}'] * 1001, "1001")]
)
def test_too_few_and_too_many_are_refused(lines: list[bytes], said: str) -> None:
    with pytest.raises(InvalidQuestions, match=said):
        read(lines)
