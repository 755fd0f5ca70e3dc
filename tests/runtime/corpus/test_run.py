"""A run over a folder, in this process: order, sources, parts that come again, and books that do not balance."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from slipway_runtime.corpus.books import Report, UnbalancedError
from slipway_runtime.corpus.compare import Compare
from slipway_runtime.corpus.listing import LostError
from slipway_runtime.corpus.run import Run
from slipway_runtime.corpus.sources import Sources
from slipway_runtime.corpus.stage import Stage
from slipway_runtime.corpus.storage import Folder, storage_at
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.duplicates.settings import NearDuplicates, SourceNearDuplicates
from support.corpus import MAX_BYTES, RULES, mixed, prose


def searched(**settings: Any) -> SourceNearDuplicates:
    """Return the settings of sources of any size that are searched for near-duplicates."""
    return SourceNearDuplicates(default=NearDuplicates(enabled=True, **{"min_documents": 1, **settings}))


RUN = Run(run_id="trial", date="2026-11-21")


class Corpus:
    """A folder of objects and what a run makes of it."""

    def __init__(self, root: Path) -> None:
        self.raw, self.curated = Folder(root=root / "raw"), Folder(root=root / "curated")
        self.staged = RUN.staged(self.curated)

    def put(self, key: str, data: bytes, at: float = 1_000_000_000) -> None:
        """Write an object as if at this second."""
        self.raw.write(key, data)
        os.utime(self.raw.root / key, (at, at))

    def take(self) -> list[str]:
        return RUN.take(self.raw, self.curated)

    def stage(self, keys: Sequence[str], rules: dict[str, Any] | None = None) -> None:
        sources = Sources.of(json.dumps(rules or {}))
        Stage(raw=self.raw, sources=sources, max_document_bytes=MAX_BYTES).run(self.staged, keys)

    def run(self, *, size: int = 10, compare: Compare | None = None, rules: dict[str, Any] | None = None) -> Report:
        """Run in parts of `size` documents, over what is there now."""
        self.curated.remove("corpus-runs/trial/listed")
        keys = self.take()
        for begin in range(0, len(keys), size):
            self.stage(keys[begin : begin + size], rules)
        if not (compare or Compare(settings=searched(max_lost_share=1))).run(self.staged).held:
            for part in self.staged.parts():
                RUN.publish(self.curated, part)
        return RUN.close(self.curated)

    def rows(self, folder: str) -> list[dict[str, Any]]:
        found = [self.curated.read(key, 10**9) for key in self.curated.keys(f"{folder}/")]
        lines = [line for one in found if one for line in one.data.splitlines()]
        return sorted((json.loads(line) for line in lines), key=lambda row: str(row["document_id"]))

    def rows_of(self, key: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.curated.root / key).read_bytes().splitlines()]

    def kept(self) -> set[str]:
        return {f"{row['tenant']}/{row['path']}" for row in self.rows("corpus")}


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path)


def text(number: int) -> bytes:
    return " ".join(prose(number)).encode()


@pytest.mark.capability("D4")
def test_the_document_that_was_put_first_is_kept_and_of_one_second_the_first_by_key(corpus: Corpus) -> None:
    corpus.put("acme/a.txt", text(1), at=2000)
    corpus.put("acme/z.txt", text(1), at=1000)
    corpus.put("acme/c.txt", text(2), at=1000)
    corpus.put("acme/b.txt", text(2), at=1000)

    assert (corpus.run(size=1).duplicates, corpus.kept()) == (2, {"acme/z.txt", "acme/b.txt"})


@pytest.mark.capability("D4")
def test_documents_are_compared_within_their_source_only(corpus: Corpus) -> None:
    for key in ("acme/a.txt", "globex/a.txt", "acme/mail/a.txt", "acme/mail/b.txt"):
        corpus.put(key, text(1))
    rules = {"sources": [{"prefix": "acme/mail/", "rules": {"redact": {"kinds": ["email"]}}}]}

    report = corpus.run(rules=rules)

    assert {name: source.out for name, source in report.sources.items()} == {"acme": 1, "acme/mail": 1, "globex": 1}
    assert report.sources["acme/mail"].duplicates == 1


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_size_of_parts_changes_nothing(tmp_path: Path, size: int) -> None:
    results = []
    for name, documents in (("one", 50), ("other", size)):
        corpus = Corpus(tmp_path / name)
        for case in mixed(120, office=0, bad=1, copies=10):
            corpus.put(case.key, case.data)
        report = corpus.run(size=documents, rules=RULES)
        results.append((report, *(corpus.rows(folder) for folder in ("corpus", "corpus-rejects", "corpus-duplicates"))))

    assert results[0] == results[1]
    assert results[0][0].duplicates == 20


def test_a_part_that_is_done_again_changes_nothing(corpus: Corpus) -> None:
    for number in range(5):
        corpus.put(f"acme/{number}.txt", text(number))
    corpus.stage(corpus.take())
    Compare(settings=searched()).run(corpus.staged)
    (part,) = corpus.staged.parts()
    RUN.publish(corpus.curated, part)

    report = corpus.run(size=5)

    assert (report.seen, report.out, len(corpus.rows("corpus"))) == (5, 5, 5)
    assert RUN.close(corpus.curated) == report, "the report can be made again when nothing is staged any more"


@pytest.mark.capability("D8")
def test_a_part_that_was_lost_before_it_was_compared_fails_the_run_and_is_named(corpus: Corpus) -> None:
    for number in range(4):
        corpus.put(f"acme/{number}.txt", text(number))
    for key in corpus.take():
        corpus.stage([key])
    lost = corpus.staged.parts()[1]
    (missing,) = corpus.staged.index(lost).keys()
    corpus.curated.remove(f"{corpus.staged.folder}index/{lost}")

    with pytest.raises(LostError, match="of 4 listed objects 1 were not staged, and 0 twice"):
        Compare(settings=searched()).run(corpus.staged)
    assert corpus.rows_of("corpus-runs/trial/lost.jsonl") == [{"key": missing, "staged": 0}]
    assert corpus.rows("corpus") == []


def test_what_went_before_it_was_read_is_listed_and_not_lost(corpus: Corpus) -> None:
    for number in range(3):
        corpus.put(f"acme/{number}.txt", text(number))
    keys = corpus.take()
    (corpus.raw.root / keys[1]).unlink()
    corpus.stage(keys)
    Compare(settings=searched()).run(corpus.staged)
    RUN.publish(corpus.curated, corpus.staged.parts()[0])

    report = RUN.close(corpus.curated)
    assert (report.listed, report.seen, report.passed, report.out) == (3, 2, 1, 2)


@pytest.mark.capability("D8")
@pytest.mark.parametrize("whole_first", [True, False])
def test_of_two_attempts_at_a_batch_the_first_that_ends_counts_and_both_hand_back_the_same(
    corpus: Corpus, whole_first: bool
) -> None:
    for number in range(6):
        corpus.put(f"acme/{number}.txt", text(number))
    stage = Stage(raw=corpus.raw, sources=Sources.of("{}"), max_document_bytes=MAX_BYTES)
    keys = corpus.take()
    seconds = (1000, -1) if whole_first else (-1, 1000)
    (_, left), (_, again) = [stage.run_until(Deadline.after(each), corpus.staged, keys) for each in seconds]

    assert list(left) == list(again) == ([] if whole_first else keys[1:])
    if again:
        corpus.stage(again)
    Compare(settings=searched()).run(corpus.staged)
    for part in corpus.staged.parts():
        RUN.publish(corpus.curated, part)
    assert RUN.close(corpus.curated).out == len(corpus.rows("corpus")) == 6


def test_a_part_that_was_lost_fails_the_run(corpus: Corpus) -> None:
    for number in range(4):
        corpus.put(f"acme/{number}.txt", text(number))
        corpus.stage([f"acme/{number}.txt"])
    corpus.take()
    Compare(settings=searched()).run(corpus.staged)
    for part in corpus.staged.parts()[1:]:
        RUN.publish(corpus.curated, part)

    with pytest.raises(UnbalancedError, match="acme"):
        RUN.close(corpus.curated)


@pytest.mark.capability("D4")
def test_an_acknowledgement_fits_what_was_read_and_nothing_that_came_later(corpus: Corpus) -> None:
    for number in range(10):
        corpus.put(f"acme/{number}.txt", text(number % 5))
    held = corpus.run(compare=Compare(settings=searched()))
    wait = held.sources["acme"].wait
    assert (held.state, held.held, held.out, held.duplicates) == ("held", 10, 0, 0)
    assert wait
    assert wait.acknowledgement in held.cause
    listed = corpus.curated.read("corpus-runs/trial/duplicates.jsonl", 10**6)
    assert listed
    assert len(listed.data.splitlines()) == 5

    agreed = Compare(settings=searched(), acknowledged=frozenset({wait.acknowledgement}))
    assert corpus.run(compare=agreed).duplicates == 5
    corpus.put("acme/more.txt", text(4), at=2_000_000_000)
    assert corpus.run(compare=agreed).state == "held"


def test_names_are_looked_for_by_the_client_of_comprehend_only_where_a_source_asks(corpus: Corpus) -> None:
    sources = Sources.of('{"sources": [{"prefix": "acme/hr/", "rules": {"redact": {"kinds": ["name"]}}}]}')

    assert sources.rules("acme/a.txt").text_rules == ()
    assert sources.name("acme/hr/a.txt") == "acme/hr"
    assert sources.name("acme/a.txt") == "acme"


@pytest.mark.parametrize(
    "rules", ["", "[]", '{"default": {"redakt": {}}}', '{"default": {"redact": {"kinds": ["x"]}}}']
)
def test_rules_that_are_none_stop_the_run(rules: str) -> None:
    with pytest.raises(Exception, match=r"JSON|unknown field|Invalid enum|Expected|truncated"):
        Sources.of(rules)


def test_a_run_is_named_by_letters_and_digits_and_an_address_is_a_bucket_or_a_folder() -> None:
    with pytest.raises(ValueError, match="run id"):
        Run(run_id="../x", date="2026-11-21")
    with pytest.raises(ValueError, match=r"month|isoformat|Invalid"):
        Run(run_id="x", date="yesterday")
    with pytest.raises(ValueError, match="s3://BUCKET"):
        storage_at("s3://bucket/with/a/path")
