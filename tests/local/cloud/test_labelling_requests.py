"""What a labelling job takes and refuses: labels, jobs, lists, the command, and Ground Truth, which is not here.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from slipway_cli import gateway, labelling
from slipway_cli.errors import CommandError, UsageError
from slipway_cli.main import app
from slipway_cli.target import Target
from slipway_local import cloud
from stacks.labelling_flow import GROUND_TRUTH, definition
from support.labelling import CHOICE, Api, texts, up
from support.waiting import wait_for

pytestmark = pytest.mark.capability("D7")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("labelling") / "state"


@pytest.fixture(scope="module")
def target(state: Path) -> Iterator[Target]:
    yield up(state)
    cloud.down(state)


@pytest.fixture(scope="module")
def api(target: Target) -> Api:
    return Api(target)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"worker": "ann", "label": "perhaps"}, "label"),
        ({"worker": "ann", "label": ["yes"]}, "label"),
        ({"worker": "ann"}, "label"),
        ({"worker": "ann#", "label": "yes"}, "worker"),
        ({"label": "yes"}, "worker"),
    ],
)
def test_a_wrong_label_is_refused_with_its_field(api: Api, body: Any, param: str) -> None:
    if api.call("GET", "/wrong")[0] == 404:
        api.start("wrong", texts(1))

    status, answer = api.call("POST", "/wrong/items/000001/labels", body)

    assert (status, answer["error"]["param"]) == (400, param)


def test_what_is_not_there_is_not_found(api: Api) -> None:
    assert api.call("GET", "/nothing")[1]["error"]["code"] == "job_not_found"
    assert api.label("wrong", "000009", "ann", "yes")[1]["error"]["code"] == "item_not_found"
    assert api.call("GET", "?limit=0")[1]["error"]["param"] == "limit"


def test_a_job_that_cannot_work_fails_with_the_reason(api: Api) -> None:
    task = {**CHOICE, "choices": ["yes"]}
    for job, lines, request, words in (
        ("bad-task", texts(1), {"task": task}, "task.choices needs 2 to 50"),
        ("no-lines", ["nothing"], {}, "no line to label; 1 lines were rejected"),
        ("elsewhere", texts(1), {"items": "s3://another-bucket/x.jsonl"}, "put it into"),
    ):
        found = api.execution(api.start(job, lines, **request))
        assert (found["status"], found["error"]) == ("FAILED", "InvalidJob")
        assert words in found["cause"]


def test_jobs_are_listed_page_by_page(api: Api) -> None:
    for job in ("page-1", "page-2", "page-3"):
        api.start(job, texts(1))
    first = api.call("GET", "?limit=2")[1]
    rest = api.call("GET", f"?limit=100&after={first['last_id']}")[1]

    names = [job["id"] for job in [*first["data"], *rest["data"]]]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert names == sorted(names)
    assert {"page-1", "page-2", "page-3"} <= set(names)


def test_curated_documents_are_labelled_by_span(api: Api, target: Target) -> None:
    bucket = target.parameter("foundation/curated-bucket-name")
    line = {"document_id": "doc_1", "tenant": "default", "source_version": "v1", "rules": "r1", "text": "Pump A leaks."}
    key = "curated/default/doc_1.json"
    api.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(line).encode() + b"\n")
    task = {"type": "span", "question": "Name the parts.", "choices": ["part"]}
    arn = api.start("spans", [], items=f"s3://{bucket}/curated/default/", task=task)
    item = api.next("spans", "ann")["id"]

    status, answer = api.label("spans", item, "ann", [{"start": 0, "end": 99, "label": "part"}])
    assert (status, answer["error"]["param"]) == (400, "label.0.end")
    assert api.label("spans", item, "ann", [{"start": 0, "end": 6, "label": "part"}])[0] == 200

    assert api.report(arn)["status"] == "completed"
    (example,) = api.file("spans", "examples.jsonl")
    assert example["rules"] == ["r1"]
    assert json.loads(example["messages"][2]["content"]) == [{"label": "part", "text": "Pump A"}]


def test_the_command_starts_a_job_works_on_it_and_reads_its_results(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (labelling, gateway):
        monkeypatch.setattr(module, "find_target", lambda *_, **__: target)

    def command(*arguments: str) -> Any:
        done = CliRunner().invoke(app, ["label", *arguments, "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    items = tmp_path / "items.jsonl"
    items.write_text('{"text": "A pump"}\n{"text": "A valve"}\n')
    given = ("--question", "Which fit?", "--type", "multiple_choice", "--choice", "pump", "--choice", "part")
    job = command("start", str(items), *given, "--name", "fit", "--hours", "1")["job"]
    assert [one["status"] for one in command("jobs") if one["id"] == job] == ["open"], "it is open when it is told"
    first = command("next", job, "--worker", "ann")["item"]
    with pytest.raises(CommandError, match=r"answered 409: .*item is not yours|answered 400"):
        CliRunner().invoke(
            app, ["label", "submit", job, first["id"], '["valve"]', "--worker", "ann"], catch_exceptions=False
        )
    assert command("submit", job, first["id"], '["part", "pump"]', "--worker", "ann")["label"] == ["pump", "part"]
    with pytest.raises(CommandError, match="has not ended"):
        CliRunner().invoke(app, ["label", "results", job], catch_exceptions=False)
    second = command("next", job, "--worker", "ann")["item"]
    command("skip", job, second["id"], "--reason", "no question", "--worker", "ann", "--flag")

    assert wait_for(lambda: any(one["id"] == job and one["status"] == "completed" for one in command("jobs")))
    assert command("results", job)["outcomes"] == {"flagged": 1, "labelled": 1}


@pytest.mark.parametrize(
    ("given", "error", "named"),
    [
        (("--type", "single_choice"), UsageError, r"task\.choices needs 2 to 50"),
        (("--type", "text", "--choice", "a"), UsageError, r"task\.choices needs 0 to 0"),
        (("--type", "text", "--tenant", "No Tenant"), UsageError, r"\$\.tenant"),
        (("--type", "text"), CommandError, r"ended as FAILED.*InvalidJob.*items holds no line"),
    ],
)
def test_a_job_that_cannot_begin_fails_the_command_and_names_the_field(
    target: Target,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: tuple[str, ...],
    error: type[Exception],
    named: str,
) -> None:
    for module in (labelling, gateway):
        monkeypatch.setattr(module, "find_target", lambda *_, **__: target)
    items = tmp_path / "items.jsonl"
    items.write_text('{"words": "neither text nor document"}\n')

    with pytest.raises(error, match=named):
        CliRunner().invoke(app, ["label", "start", str(items), "--question", "Which?", *given], catch_exceptions=False)


def test_ground_truth_is_refused_here_by_its_name(api: Api, target: Target) -> None:
    machine = api.states.describe_state_machine(stateMachineArn=target.parameter("labelling/state-machine-arn"))
    flow = definition(partition="aws", function="arn:aws:lambda:us-east-1:123456789012:function:x", ground_truth=True)
    flow["StartAt"] = "LabelInGroundTruth"
    del flow["States"]["Prepare"]
    arn = api.states.create_state_machine(name="ground-truth", definition=json.dumps(flow), roleArn=machine["roleArn"])[
        "stateMachineArn"
    ]
    request = {"prepared": {"found": {"ground_truth": dict.fromkeys(GROUND_TRUTH, "x")}}}
    started = api.states.start_execution(stateMachineArn=arn, input=json.dumps(request))["executionArn"]

    assert wait_for(lambda: api.execution(started)["status"] == "FAILED")
    found = api.execution(started)
    assert found["error"] == "States.Runtime"
    assert "sagemaker:createLabelingJob.sync is not emulated" in found["cause"]
