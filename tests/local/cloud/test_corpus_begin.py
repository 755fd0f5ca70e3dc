"""A run's input, its id and its objects, in the local cloud with policies enforced; streamed objects by both paths.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from slipway_cli import corpus
from slipway_cli.errors import CommandError
from slipway_cli.lineage import without_tenant
from slipway_cli.target import Target
from slipway_runtime.prepare.keys import document_id
from support.corpus_cloud import bucket, corpus_cloud, lines
from support.waiting import wait_for

pytestmark = [pytest.mark.timeout(600), pytest.mark.capability("D8")]
STREAMED = "acme/stream/2026/11/21/19/lines.jsonl"
TEXT = "The pump of the north station has to be serviced by the operator with care, and the valve of it is closed. " * 2
GOOD = [json.dumps({"text": TEXT, "number": number}) for number in range(3)]
OBJECTS = {
    "acme/a.md": TEXT,
    "acme/folder/": "",
    "acme/named/": TEXT,
    "_stream-errors/acme/processing-failed/2026/11/21/x": "not a document",
    STREAMED: "\n".join([GOOD[0], "no json", GOOD[1], GOOD[2], ""]),
}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with corpus_cloud(tmp_path_factory.mktemp("begin"), batch_documents=20) as there:
        raw = bucket(there, "raw")
        for key, text in OBJECTS.items():
            raw.write(key, text.encode())
        raw.write("No Tenant/b.md", TEXT.encode())
        yield there


@pytest.fixture(scope="module")
def report(target: Target) -> dict[str, Any]:
    return corpus.run(target, "map", prefix="", run_id="first")


def test_what_is_no_folder_is_counted_and_rejected(target: Target, report: dict[str, Any]) -> None:
    rejects = [json.loads(line) for line in lines(target, "corpus-rejects", "first")]

    assert (report["in"], report["out"], report["rejects"]) == (4, 2, {"invalid_key": 2})
    assert (report["listed"], report["passed"]) == (6, 2), "a folder, and what Firehose could not process"
    assert {one["key"] for one in rejects if not one["line"]} == {"acme/named/", "No Tenant/b.md"}


@pytest.mark.capability("D9")
def test_a_streamed_object_is_the_same_by_documents_and_by_map_and_its_bad_record_a_reject(
    target: Target, report: dict[str, Any]
) -> None:
    curated, name = bucket(target, "curated"), f"curated/acme/{document_id(STREAMED)}.json"
    assert wait_for(lambda: curated.keys(name) == [name], seconds=120)
    by_document, table = curated.read(name, 10**6), target.parameter("foundation/rejects-table-name")
    assert by_document
    rows = target.client("dynamodb").scan(TableName=table)["Items"]
    bad = [json.loads(line) for line in lines(target, "corpus-rejects", "first")]

    assert by_document.data in lines(target, "corpus", "first")
    assert [(one["code"], one["line"]) for one in bad if one["key"] == STREAMED] == [("broken_json", 2)]
    noted = [(one["code"]["S"], one["line"]["N"]) for one in rows if one["key"]["S"] == STREAMED]
    assert noted == [("broken_json", "2")]
    assert report["changes"]["records.rejected"] == 1


def test_an_id_that_was_used_is_refused_and_the_finished_run_stays_whole(
    target: Target, report: dict[str, Any]
) -> None:
    curated = bucket(target, "curated")
    before = {key: curated.read(key, 10**9) for key in curated.keys("corpus")}
    raw = bucket(target, "raw")
    raw.write("acme/later.md", (TEXT + "It came later than the others.").encode())
    machine = target.parameter("corpus/state-machine-arn")

    found = executed(target, machine, {"via": "map", "run_id": "first", "date": "2026-11-22"})

    assert (found["status"], found["error"]) == ("FAILED", "InvalidRun")
    assert "run_id: 'first' was used by arn:" in found["cause"]
    assert {key: curated.read(key, 10**9) for key in curated.keys("corpus")} == before


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"run_id": "../evil"}, "run id '../evil'"),
        ({"date": "2026-13-45"}, "date '2026-13-45'"),
        ({"date": None}, "`date`|date"),
        ({"run_id": 7}, "run_id"),
        ({"prefix": "acme/\u0000"}, "prefix"),
        ({"via": None}, "via"),
    ],
)
def test_input_that_cannot_work_fails_at_once_and_says_why(target: Target, given: dict[str, Any], named: str) -> None:
    wanted = {"via": "map", "run_id": "wrong", "date": "2026-11-21", **given}
    chosen = {name: value for name, value in wanted.items() if value is not None}

    found = executed(target, target.parameter("corpus/state-machine-arn"), chosen)

    assert (found["status"], found["error"]) == ("FAILED", "InvalidRun")
    assert any(part in found["cause"] for part in named.split("|")), found["cause"]
    assert bucket(target, "curated").keys("corpus-runs/wrong/") == []


def test_a_run_over_nothing_is_finished(target: Target) -> None:
    found = corpus.run(target, "map", prefix="nobody/", run_id="nothing")
    assert (found["state"], found["listed"], found["in"]) == ("finished", 0, 0)


def test_the_command_says_why_a_run_is_refused(target: Target, report: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match=r"InvalidRun.*start the run under an id of its own|cannot be named"):
        corpus.run(target, "map", prefix="", run_id="first")


@pytest.mark.capability("D1")
def test_objects_whose_key_names_no_tenant_are_shown_by_the_command(target: Target) -> None:
    assert wait_for(lambda: without_tenant(target, ""), seconds=120)
    (found,) = without_tenant(target, "")

    assert (found["path"], found["status"]) == ("No Tenant/b.md", "rejected")
    assert found["reason"].startswith("invalid_key: ")


def test_a_batch_that_comes_back_is_handed_in_again(target: Target) -> None:
    """The map's own child, with a state in place of the function, which does what is left."""
    states = target.client("stepfunctions")
    of = states.describe_state_machine(stateMachineArn=target.parameter("corpus/state-machine-arn"))
    child = json.loads(of["definition"])["States"]["Curate"]["ItemProcessor"]["States"]
    child["Batch"] = {"Type": "Pass", "Result": {"documents": 2}, "Next": child["Batch"]["Next"]}
    flow = json.dumps({"StartAt": "IsWhole", "States": child})
    machine = states.create_state_machine(name="child", definition=flow, roleArn=of["roleArn"])["stateMachineArn"]

    found = executed(target, machine, {"documents": 1, "BatchInput": {}, "Items": [{"Key": "acme/a.md"}]})

    assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", {"documents": 2})


def executed(target: Target, machine: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return an execution when it has ended."""
    states = target.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"]
    assert wait_for(lambda: states.describe_execution(executionArn=arn)["status"] != "RUNNING", seconds=120)
    return dict(states.describe_execution(executionArn=arn))
