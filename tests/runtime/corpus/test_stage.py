"""The first half of a run: what is an object, what a slow document costs, and what a batch hands back."""

import json
from pathlib import Path
from typing import Any

import pytest

from slipway_runtime.corpus.begin import InvalidRun, begin
from slipway_runtime.corpus.outcome import Reject
from slipway_runtime.corpus.part import Index
from slipway_runtime.corpus.run import Run
from slipway_runtime.corpus.sources import Sources
from slipway_runtime.corpus.stage import Stage
from slipway_runtime.corpus.storage import Folder, StoredObject
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.rules.base import RuleSet
from slipway_runtime.prepare.rules.build import RuleSets
from support.slow_rules import Endless

RUN = Run(run_id="trial", date="2026-11-21")
TEXT = b"The pump of the north station leaks when the valve is open."


class Objects(Folder):
    """Objects in memory, with keys that no file has."""

    found: dict[str, bytes] = {}

    def read(self, key: str, max_bytes: int) -> StoredObject | None:
        data = self.found.get(key)
        return None if data is None else StoredObject(key=key, version_id="v1", data=data, modified=1.0)


def stage(tmp_path: Path, objects: dict[str, bytes], **settings: Any) -> Stage:
    raw = Objects(root=tmp_path)
    raw.found.update(objects)
    return Stage(raw=raw, **{"sources": Sources.of("{}"), "max_document_bytes": 10_000_000, **settings})


@pytest.fixture(autouse=True)
def none_left() -> Any:
    yield
    Objects.found.clear()


def run(tmp_path: Path, objects: dict[str, bytes], **settings: Any) -> Index:
    return stage(tmp_path, objects, **settings).run(RUN.staged(Folder(root=tmp_path)), sorted(objects))


@pytest.mark.capability("D8")
def test_an_object_whose_key_ends_in_a_slash_is_rejected_and_an_empty_one_is_a_folder(tmp_path: Path) -> None:
    found = run(tmp_path, {"acme/": b"", "acme/folder/": b"", "acme/text/": TEXT, "acme/a.md": TEXT, "x/": TEXT})

    assert [entry.key for entry in found.kept] == ["acme/a.md"]
    assert [(one.key, one.code) for one in found.rejects] == [("acme/text/", "invalid_key"), ("x/", "invalid_key")]


@pytest.mark.capability("D9")
def test_what_firehose_could_not_process_is_no_document(tmp_path: Path) -> None:
    found = run(tmp_path, {"_stream-errors/acme/processing-failed/2026/11/21/x": TEXT})

    assert (found.kept, found.rejects, len(found.passed)) == ([], [], 1)


@pytest.mark.capability("D9")
def test_bad_records_of_a_stream_are_rejects_of_their_own_beside_the_document(tmp_path: Path) -> None:
    key = "acme/stream/2026/11/21/19/lines.jsonl"
    found = run(tmp_path, {key: b'{"text": "Pumps"}\nno json\n{"text": "Valves"}\n'})
    storage = Folder(root=tmp_path)
    books = RUN.publish(storage, RUN.staged(storage).parts()[0])

    assert [entry.changes for entry in found.kept] == [{"records.kept": 2, "records.rejected": 1}]
    assert [(one.code, one.line, one.source_version) for one in found.records] == [("broken_json", 2, "v1")]
    assert books.of["acme"].balanced
    assert (books.of["acme"].seen, books.of["acme"].kept, books.of["acme"].rejects) == (1, 1, {})
    (written,) = storage.keys("corpus-rejects/")
    row = json.loads((tmp_path / written).read_bytes())
    assert (row["key"], row["line"]) == (key, 2)
    assert row["reason"].startswith("line 2: ")


def test_a_document_that_takes_too_long_is_rejected_and_the_next_one_is_not(tmp_path: Path) -> None:
    rules = RuleSets()
    rules.built[rules.settings.default] = RuleSet(text_rules=(Endless(),))
    found = run(
        tmp_path,
        {"acme/a.md": b"a slow document", "acme/b.md": TEXT},
        sources=Sources(rule_sets=rules),
        document_seconds=0.3,
    )

    assert [(one.key, one.code) for one in found.rejects] == [("acme/a.md", "too_slow")]
    assert found.rejects[0].reason.startswith("endless: ")
    assert [entry.key for entry in found.kept] == ["acme/b.md"]


def test_what_time_is_too_short_for_is_handed_back_by_every_attempt(tmp_path: Path) -> None:
    objects = {f"acme/{at}.md": TEXT + str(at).encode() for at in range(4)}
    of, staged, keys = stage(tmp_path, objects), RUN.staged(Folder(root=tmp_path)), sorted(objects)

    index, left = of.run_until(Deadline.after(-1), staged, keys)
    assert ([entry.key for entry in index.kept], left) == (keys[:1], keys[1:])

    assert of.run_until(Deadline.after(1000), staged, keys) == (index, left)
    assert len(staged.parts()) == 1, "however far a batch comes, its part has one name"
    index, left = of.run_until(Deadline.after(1000), staged, left)
    assert ([entry.key for entry in index.kept], left) == (keys[1:], [])


def test_an_id_is_taken_once_and_its_owner_may_come_again(tmp_path: Path) -> None:
    storage = Folder(root=tmp_path)
    begin(storage, RUN, "execution-1")
    begin(storage, RUN, "execution-1")

    with pytest.raises(InvalidRun, match="run_id: 'trial' was used by execution-1"):
        begin(storage, RUN, "execution-2")


@pytest.mark.parametrize("name", ["report.json", "books/0.json"])
def test_an_id_with_a_report_or_books_of_old_is_refused(tmp_path: Path, name: str) -> None:
    storage = Folder(root=tmp_path)
    storage.write(f"corpus-runs/trial/{name}", b"{}")

    for _ in range(2):
        with pytest.raises(InvalidRun, match="an id of its own"):
            begin(storage, RUN, "execution-1")


@pytest.mark.parametrize("date", ["2026-13-45", "20261121", "2026-W47-6", "yesterday", ""])
def test_a_day_has_one_form(date: str) -> None:
    with pytest.raises(ValueError, match="expected a day like"):
        Run(run_id="x", date=date)


def test_a_reject_of_a_whole_object_has_no_line() -> None:
    assert Reject(key="a", document_id="d", source="s", source_version="", code="empty", reason="r").line == 0
