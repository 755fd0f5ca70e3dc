"""Objects that a stream made: good records are kept, each bad one is refused with its line."""

import json

import pytest

from slipway_runtime.prepare import streamed
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.streamed import MAX_NAMED, is_streamed, named, sift

pytestmark = pytest.mark.capability("D9")
PATH = "stream/2026/11/21/19/lines.jsonl"
GOOD = [json.dumps({"question": f"Why does pump {at} leak?"}).encode() for at in range(3)]


def test_good_records_keep_their_numbers_and_bad_ones_are_counted() -> None:
    data = b"\n".join([GOOD[0], b"this is not json", GOOD[1], b'{"a": "\xff"}', b"", GOOD[2], b""])

    document = prepare(data, PATH)

    assert [line for line in document.text.split("\n") if line.startswith("Record")] == [
        "Record 1",
        "Record 3",
        "Record 6",
    ]
    assert document.counts == {"records.kept": 3, "records.rejected": 2}
    assert [(bad.line, bad.code) for bad in sift(data)[1]] == [(2, "broken_json"), (4, "bad_encoding")]


@pytest.mark.parametrize(
    "bad",
    [
        b"\x00\x01\x02\xfe",
        b"\x89PNG\r",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"<html><body>",
        b"[" * 100_000,
        b"1" * 5_000,
        b"{",
    ],
)
def test_whatever_a_record_is_it_costs_itself_alone(bad: bytes) -> None:
    for data in (b"\n".join([bad, *GOOD]), b"\n".join([*GOOD, bad])):
        document = prepare(data, PATH)

        assert document.media_type == "application/x-ndjson"
        assert document.counts == {"records.kept": 3, "records.rejected": 1}


def test_words_of_a_good_record_do_not_make_the_object_another_kind() -> None:
    document = prepare(json.dumps({"text": "A PDF begins with %PDF-1.7"}).encode(), PATH)

    assert (document.media_type, document.counts) == ("application/x-ndjson", {})
    assert "%PDF-1.7" in document.text


def test_an_object_without_a_good_record_is_refused_and_nothing_is_quoted() -> None:
    with pytest.raises(Rejected, match="none of its 2 records can be read, the first on line 1") as refused:
        prepare(b"password is hunter22\n{\n", PATH)

    assert refused.value.code == "broken_json"
    assert "hunter22" not in refused.value.reason
    assert all("hunter22" not in bad.reason for bad in sift(b"hunter22\n{}")[1])


def test_other_jsonl_is_refused_whole_as_before() -> None:
    assert not is_streamed("upload/lines.jsonl")
    with pytest.raises(Rejected, match="line 2"):
        prepare(b'{"a": 1}\nnot json\n', "upload/lines.jsonl")


def test_a_flood_of_bad_records_is_named_up_to_a_limit_and_counted_beyond() -> None:
    _, bad = sift(b"{}\n" + b"x\n" * (MAX_NAMED + 10))

    listed = named(bad)

    assert len(bad) == MAX_NAMED + 10
    assert len(listed) == MAX_NAMED + 1
    assert "9 records" in listed[-1].reason


def test_a_record_sent_over_several_lines_is_one_record_on_its_first_line() -> None:
    long = json.dumps({"question": "Why?", "steps": ["first", {"then": "ö second"}]}, indent=2, ensure_ascii=False)
    data = b"\n".join([GOOD[0], long.encode(), b"not json", GOOD[1], b"{", GOOD[2]])

    document = prepare(data, PATH)

    assert document.counts == {"records.kept": 4, "records.rejected": 2}
    assert "question: Why?\nsteps[0]: first\nsteps[1].then: ö second" in document.text
    ends = 2 + long.count("\n")
    assert [bad.line for bad in sift(data)[1]] == [ends + 1, ends + 3]
    assert prepare(long.encode(), PATH).counts == {}


def test_a_record_over_several_lines_that_is_broken_costs_its_own_lines() -> None:
    data = b'{"a":\n"\xff"\n}\n' + b'{"b":\n1,}\n' + GOOD[0]

    assert prepare(data, PATH).counts["records.kept"] == 1
    assert 1 in [bad.line for bad in sift(data)[1]]


def test_records_that_begin_and_never_end_are_read_a_few_times_and_not_each_to_the_end(monkeypatch) -> None:
    read = 0

    class Counting(json.JSONDecoder):
        def raw_decode(self, text, start=0):
            nonlocal read
            try:
                return super().raw_decode(text, start)
            except json.JSONDecodeError as error:
                read += error.pos - start
                raise

    monkeypatch.setattr(streamed, "DECODER", Counting())
    data = b"[\n" * 500 + b"1,\n" * 5_000 + GOOD[0]

    sift(data)

    assert 0 < read < 6 * len(data)
