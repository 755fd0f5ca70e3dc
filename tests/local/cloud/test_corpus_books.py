"""Five thousand documents of known truth through the Distributed Map: the books are right to the last document.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from slipway_cli import corpus
from slipway_cli.errors import CommandError
from slipway_cli.target import Target
from support.corpus import Case, mixed
from support.corpus_cloud import bucket, corpus_cloud, lines, upload

DOCUMENTS, COPIES = 5_000, 300
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with corpus_cloud(tmp_path_factory.mktemp("books"), batch_documents=200, near_duplicates=True) as there:
        # What the document path would make of them is no matter here.
        there.client("events").disable_rule(Name=there.parameter("ingestion/rule-name"))
        yield there


@pytest.fixture(scope="module")
def cases(target: Target) -> dict[str, Case]:
    made = mixed(DOCUMENTS, office=12, copies=COPIES)
    upload(target, made)
    return {case.key: case for case in made}


@pytest.fixture(scope="module")
def report(target: Target, cases: dict[str, Case]) -> dict[str, Any]:
    return corpus.run(target, "map", prefix="", run_id="all")


@pytest.mark.capability("D8")
def test_every_document_is_accounted_for_once(report: dict[str, Any], cases: dict[str, Case]) -> None:
    assert (report["state"], report["in"], report["duplicates"]) == ("finished", DOCUMENTS, 2 * COPIES)
    assert report["rejects"] == Counter(case.code for case in cases.values() if case.code)
    assert report["in"] == report["out"] + sum(report["rejects"].values()) + report["duplicates"]
    for name in ("in", "out", "duplicates"):
        assert report[name] == sum(source[name] for source in report["sources"].values())


@pytest.mark.capability("D4")
def test_what_is_left_out_repeats_what_is_kept_and_nothing_else_is(
    target: Target, report: dict[str, Any], cases: dict[str, Case]
) -> None:
    found = [json.loads(line) for line in lines(target, "corpus-duplicates", "all")]

    assert {row["key"]: (row["kept_key"], row["kind"]) for row in found} == {
        case.key: (case.repeats, case.kind) for case in cases.values() if case.repeats
    }
    assert all(row["similarity"] >= 0.8 for row in found)


def test_each_object_is_in_one_of_the_three_tables(
    target: Target, report: dict[str, Any], cases: dict[str, Case]
) -> None:
    kept = [json.loads(line) for line in lines(target, "corpus", "all")]
    others = [
        json.loads(line) for folder in ("rejects", "duplicates") for line in lines(target, f"corpus-{folder}", "all")
    ]

    keys = [f"{one['tenant']}/{one['path']}" for one in kept] + [one["key"] for one in others]
    assert sorted(keys) == sorted(cases)


@pytest.mark.capability("D4")
def test_a_source_that_would_lose_too_much_waits_for_a_person(target: Target, cases: dict[str, Case]) -> None:
    """Only copies are asked for, each exact one twice: of three documents two repeat the first."""
    raw = bucket(target, "raw")
    for at in range(30):
        raw.write(f"initech/{at}.md", f"The pump number {at // 3} is serviced with care by the operator. ".encode() * 9)

    with pytest.raises(CommandError) as held:
        corpus.run(target, "map", prefix="initech/", run_id="held")
    written = json.loads(target.client("s3").get_object(
        Bucket=bucket(target, "curated").name, Key="corpus-runs/held/report.json"
    )["Body"].read())  # fmt: skip

    assert "NeedsDecision" in str(held.value)
    assert "20 of 30 documents" in str(held.value)
    assert (written["state"], written["held"], written["out"]) == ("held", 30, 0)
    assert lines(target, "corpus", "held") == []

    token = written["sources"]["initech"]["wait"]["acknowledgement"]
    assert token in str(held.value)
    report = corpus.run(target, "map", prefix="initech/", run_id="agreed", acknowledged=token)

    assert (report["in"], report["out"], report["duplicates"]) == (30, 10, 20)
