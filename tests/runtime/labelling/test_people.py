"""Votes and leases under any order of events, agreement against published figures, and what a label may be."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.labelling.agreement import agreement, alpha
from slipway_runtime.labelling.decide import decide, example_of
from slipway_runtime.labelling.items import Item, RejectedLine, read_items
from slipway_runtime.labelling.job import Job, read_job
from slipway_runtime.labelling.merge import pseudonym
from slipway_runtime.labelling.open_item import ItemState
from slipway_runtime.labelling.request import InvalidJob, JobRequest, read_request
from slipway_runtime.labelling.task import InvalidLabel, Task

pytestmark = pytest.mark.capability("D7")
YES_NO = Task(type="single_choice", question="Is it?", choices=["yes", "no"])
MANY = Task(type="multiple_choice", question="Which?", choices=["a", "b", "c"])
SPANS = Task(type="span", question="Where?", choices=["part", "place"])
WORDS = Task(type="text", question="What?")
events = st.lists(st.tuples(st.sampled_from("nvsw"), st.sampled_from(["ann", "ben", "cem", "dot"])), max_size=40)


@given(events, st.integers(1, 3))
def test_no_order_of_events_gives_an_item_more_votes_or_holders_than_it_has_places(
    steps: list[tuple[str, str]], votes: int
) -> None:
    item, now = ItemState(number=1, offset=0, length=1, votes=votes), 0.0
    for step, worker in steps:
        if step == "w":
            now += 7
        elif step == "s":
            item = item.passed(worker, now, flag=False)
        elif item.has_place(worker, now):
            item = item.leased(worker, now + 10, now) if step == "n" else item.voted(worker, now)
        holders = {name for name, until in item.leases.items() if until > now}
        assert len(item.voters) == len(set(item.voters))
        assert len(set(item.voters) | holders) == len(item.voters) + len(holders) <= votes
        assert (item.state == "labelled") == (len(item.voters) == votes)


def test_alpha_is_the_published_one() -> None:
    """Krippendorff 2011, section A: binary data, two observers, no missing data: alpha = 0.095.

    https://repository.upenn.edu/handle/20.500.14332/2089
    """
    ann, ben = "0100000000", "1110010010"
    assert alpha(list(zip(ann, ben, strict=True))) == pytest.approx(0.095, abs=0.0005)


def test_alpha_is_the_published_one_with_missing_votes() -> None:
    """Krippendorff 2011, section C: nominal data, four observers, some missing: alpha = 0.743."""
    table = [
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    ]
    units = [[value for value in unit if value != "."] for unit in zip(*map(str.split, table), strict=True)]
    assert alpha([unit for unit in units if len(unit) > 1]) == pytest.approx(0.743, abs=0.0005)


@given(st.lists(st.lists(st.sampled_from(["yes", "no"]), min_size=2, max_size=4), min_size=1, max_size=20))
def test_alpha_is_one_exactly_where_nobody_disagrees(units: list[list[str]]) -> None:
    value = alpha(units)
    assert value is not None
    assert value <= 1
    assert (value == 1) == all(len(set(unit)) == 1 for unit in units)


def test_each_task_states_its_measure() -> None:
    part, place = {"start": 0, "end": 2, "label": "part"}, {"start": 3, "end": 5, "label": "place"}

    assert agreement(MANY, [[["a"], ["a"]], [["b"], ["b", "c"]]]).units == 6
    assert agreement(WORDS, [["A  pump", "a pump"], ["x", "x"]]).value == 1
    spans = agreement(SPANS, [[[part], [part, place]]])
    assert (spans.measure, round(spans.value or 0, 3)) == ("mean_pairwise_f1", 0.667)
    assert agreement(YES_NO, [["yes"]]).value is None


@pytest.mark.parametrize(
    ("task", "votes", "label", "share"),
    [
        (YES_NO, ["yes", "no", "yes"], "yes", 2 / 3),
        (YES_NO, ["yes", "no"], None, 0),
        (MANY, [["b", "a"], ["a"], ["a", "c"]], ["a"], 1 / 3),
        (MANY, [["a"], ["b"]], None, 0),
        (MANY, [[], [], ["b"]], [], 2 / 3),
        (WORDS, ["A pump", "a  pump", "valve"], "A pump", 2 / 3),
        (SPANS, [[{"start": 0, "end": 2, "label": "part"}]], [{"start": 0, "end": 2, "label": "part"}], 1),
        (YES_NO, [], None, 0),
    ],
)
def test_the_majority_decides_and_a_tie_does_not(task: Task, votes: list[Any], label: Any, share: float) -> None:
    decision = decide(task, votes)

    assert (decision.label, decision.share) == (label, pytest.approx(share))


@pytest.mark.parametrize(
    ("task", "label", "field"),
    [
        (YES_NO, "perhaps", "label"),
        (YES_NO, None, "label"),
        (MANY, "a", "label"),
        (MANY, ["a", "z"], "label.1"),
        (WORDS, "  ", "label"),
        (WORDS, "x" * 10_001, "label"),
        (SPANS, [{"start": 0, "end": 9, "label": "part"}], "label.0.end"),
        (SPANS, [{"start": -1, "end": 2, "label": "part"}], "label.0.start"),
        (SPANS, [{"start": 0, "end": 2, "label": "thing"}], "label.0.label"),
        (SPANS, [{"start": 0, "end": 2}], "label.0"),
        (SPANS, [{"start": True, "end": 2, "label": "part"}], "label.0"),
    ],
)
def test_a_label_that_does_not_fit_is_refused_with_its_place(task: Task, label: Any, field: str) -> None:
    with pytest.raises(InvalidLabel) as raised:
        task.checked(label, "abcde")

    assert raised.value.field == field


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=8))
def test_a_label_is_canonical_or_refused_whatever_is_sent(label: Any) -> None:
    for task in (YES_NO, MANY, SPANS, WORDS):
        try:
            checked = task.checked(label, "abcde")
        except InvalidLabel:
            continue
        assert task.checked(checked, "abcde") == checked


def test_bad_lines_are_rejected_with_number_and_reason_and_the_others_are_numbered() -> None:
    good = {"text": "one", "document_id": "doc_1", "source_version": "v1", "rules": "r1"}
    lines = [good, "[1]", "{", {"text": 3}, {"text": "\n"}, good, {"text": "x" * 200_001}, {"text": "two"}]
    data = [(line if isinstance(line, str) else json.dumps(line)).encode() for line in lines]

    found = list(read_items([("key", at, line) for at, line in enumerate(data, 1)], "default"))

    assert [(item.number, item.text) for item in found if isinstance(item, Item)] == [(1, "one"), (2, "two")]
    rejected = [line for line in found if isinstance(line, RejectedLine)]
    assert [line.line for line in rejected] == [2, 3, 4, 5, 6, 7]
    assert "$.text" in rejected[2].reason
    assert "split" in rejected[5].reason


def test_an_example_keeps_documents_apart_from_texts_without_one() -> None:
    task = Task(type="span", question="Which parts?", choices=["part"])
    item = Item(number=7, text="Pump A leaks", document_id="doc_1", source_version="v1", rules="r1")
    with_document = example_of(task, item, [{"start": 0, "end": 6, "label": "part"}], job="j")
    without = example_of(WORDS, Item(number=7, text="t"), "words", job="j")

    assert (with_document.documents, with_document.group) == (["doc_1"], "")
    assert (without.documents, without.group) == ([], "j/7")
    assert with_document.messages[-1].content == '[{"label":"part","text":"Pump A"}]'


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"votes": 10}, r"\$\.votes"),
        ({"items": "https://x"}, r"\$\.items"),
        ({"deadline_seconds": 1}, r"\$\.deadline_seconds"),
        ({"colour": 1}, "colour"),
        ({"task": {"type": "text", "question": "?", "choices": ["a"]}}, "task.choices needs 0 to 0"),
        ({"task": {"type": "span", "question": " ", "choices": ["a"]}}, "task.question"),
    ],
)
def test_a_job_that_cannot_work_names_the_field(change: dict[str, Any], words: str) -> None:
    task = {"type": "single_choice", "question": "?", "choices": ["a", "b"]}

    with pytest.raises(InvalidJob, match=words):
        read_request({"name": "n", "items": "s3://bucket/key", "task": task} | change)


def test_a_pseudonym_holds_for_one_job_and_is_not_made_from_the_name_alone() -> None:
    request = JobRequest(name="j", tenant="acme", items="s3://bucket/i.jsonl", task=WORDS)
    jobs = [
        Job(id="j", request=request, created_at=0, deadline_at=1, items=1, rejected=0, salt=salt)
        for salt in ("one", "two")
    ]
    names = [pseudonym(read_job(job.row()), "ana@example.com") for job in jobs]

    assert names[0] == pseudonym(jobs[0], "ana@example.com")
    assert names[0] != names[1]
