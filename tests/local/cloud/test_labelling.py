"""Labelling jobs in the local cloud with policies enforced: real HTTP, real state machine, several people at once.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3
from typer.testing import CliRunner

from slipway_cli import labelling
from slipway_cli.errors import CommandError
from slipway_cli.labelling import start_job
from slipway_cli.main import app
from slipway_cli.target import Target
from slipway_local import cloud, remote
from slipway_runtime.datasets.example import read_example
from stacks import application
from stacks.labelling_flow import GROUND_TRUTH, definition
from support.waiting import wait_for

pytestmark = pytest.mark.capability("D7")
CACHE = Path(__file__).resolve().parents[3] / ".slipway" / "cache"
SETTINGS = """
removal: destroy
termination_protection: false
labelling: {enabled: true}
"""
CHOICE = {"type": "single_choice", "question": "Is it about pumps?", "choices": ["yes", "no"]}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("labelling") / "state"


@pytest.fixture(scope="module")
def target(state: Path) -> Iterator[Target]:
    folder = state.parent
    (folder / "config").mkdir()
    (folder / "config" / "trial.yaml").write_text(SETTINGS)
    assembly = application.build(folder / "config", outdir=str(folder / "out"), checked=False).synth()
    nested = Path(assembly.get_nested_assembly("assembly-Trial").directory)
    status = cloud.up(nested, state, environment="trial", cache=CACHE, enforce_iam=True)
    yield Target("trial", status.endpoint_url, None)
    cloud.down(state)


class Api:
    """The gateway over HTTP, status and body as they come, and jobs started beside it."""

    def __init__(self, target: Target) -> None:
        self.target, self.bucket = target, target.parameter("foundation/artifacts-bucket-name")
        self.s3, self.states = target.client("s3"), target.client("stepfunctions")

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {self.target.api_key}"}
        url = f"{self.target.gateway_url}/labelling/jobs{path}"
        answer = urllib3.request(method, url, json=body, headers=headers, retries=False, timeout=60)
        return answer.status, json.loads(answer.data)

    def start(self, job: str, lines: list[Any], **request: Any) -> str:
        """Start a job on these lines and return the execution's ARN when people may begin, or it has ended."""
        data = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        self.s3.put_object(Bucket=self.bucket, Key=f"given/{job}.jsonl", Body=data.encode())
        given = {"name": job, "items": f"s3://{self.bucket}/given/{job}.jsonl", "task": CHOICE, **request}
        arn = start_job(self.target, job, given)
        assert wait_for(
            lambda: self.call("GET", f"/{job}")[1].get("status") == "open" or self.execution(arn)["status"] != "RUNNING"
        )
        return arn

    def execution(self, arn: str) -> dict[str, Any]:
        return dict(self.states.describe_execution(executionArn=arn))

    def report(self, arn: str) -> dict[str, Any]:
        """Wait until an execution has ended well and return its output."""
        assert wait_for(lambda: self.execution(arn)["status"] != "RUNNING", seconds=60)
        found = self.execution(arn)
        assert found["status"] == "SUCCEEDED", found
        return dict(json.loads(found["output"]))

    def next(self, job: str, worker: str, **more: Any) -> Any:
        status, answer = self.call("POST", f"/{job}/next", {"worker": worker, **more})
        assert status == 200, answer
        return answer["item"]

    def label(self, job: str, item: str, worker: str, label: Any) -> tuple[int, Any]:
        return self.call("POST", f"/{job}/items/{item}/labels", {"worker": worker, "label": label})

    def file(self, job: str, name: str) -> list[Any]:
        body = self.s3.get_object(Bucket=self.bucket, Key=f"labelling/{job}/{name}")["Body"].read()
        return [json.loads(line) for line in body.splitlines()]


@pytest.fixture(scope="module")
def api(target: Target) -> Api:
    return Api(target)


def texts(number: int) -> list[Any]:
    return [{"text": f"Text {at}", "document_id": f"doc_{at}", "source_version": f"v{at}"} for at in range(number)]


def test_two_people_label_every_item_once_each_and_the_execution_goes_on_once(api: Api) -> None:
    arn = api.start("pumps", texts(6), votes=2)

    def work(worker: str) -> list[str]:
        done = []
        while item := api.next("pumps", worker):
            assert api.label("pumps", item["id"], worker, "no" if item["id"] == "000006" else "yes")[0] == 200
            done.append(item["id"])
            if len(done) == 6:
                break
        return done

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(work, ["ann@example.com", "ben"]))
    report = api.report(arn)

    assert [sorted(each) for each in done] == [[f"{at:06d}" for at in range(1, 7)]] * 2
    assert report["status"] == "completed"
    assert report["outcomes"] == {"labelled": 6}
    assert report["labels"] == 12
    assert report["agreement"] == {"measure": "krippendorff_alpha_nominal", "value": 1.0, "units": 6}
    events = api.states.get_execution_history(executionArn=arn, maxResults=1000)["events"]
    assert [event["type"] for event in events].count("TaskSucceeded") == 3, "prepare, wait and merge, each once"
    shown = api.call("GET", "/pumps")[1]
    assert (shown["status"], shown["done"], shown["remaining"]) == ("completed", 6, 0)
    assert "oken" not in json.dumps(shown)


def test_results_say_what_was_labelled_and_make_training_examples(api: Api) -> None:
    results, examples = api.file("pumps", "results.jsonl"), api.file("pumps", "examples.jsonl")

    assert [(row["item"], row["document_id"], row["source_version"], row["label"]) for row in results[4:]] == [
        (5, "doc_4", "v4", "yes"),
        (6, "doc_5", "v5", "no"),
    ]
    assert "ann@example.com" not in json.dumps(results)
    assert len({vote["worker"] for row in results for vote in row["votes"]}) == 2
    first = read_example(json.dumps(examples[0]).encode())
    assert (first.origin, first.documents, first.source_versions) == ("label", ["doc_0"], ["v0"])
    assert [message.role for message in first.messages] == ["user", "assistant"]
    assert "Text 0" in first.messages[0].content
    assert first.messages[1].content == "yes"


def test_a_lease_keeps_others_away_until_it_ends(api: Api) -> None:
    api.start("leases", texts(1))
    first = api.next("leases", "ann", lease_seconds=2)

    assert api.next("leases", "ann", lease_seconds=2) == first, "asking again is no second lease"
    assert api.next("leases", "ben") is None
    assert api.label("leases", first["id"], "ben", "yes")[1]["error"]["code"] == "lease_lost"
    assert wait_for(lambda: api.next("leases", "ben") is not None)
    assert api.label("leases", first["id"], "ann", "yes")[1]["error"]["code"] == "lease_lost"
    assert api.label("leases", first["id"], "ben", "yes")[0] == 200


def test_many_at_once_never_hold_the_same_item(api: Api) -> None:
    arn = api.start("crowd", texts(12))

    def work(worker: str) -> list[str]:
        done = []
        while item := api.next("crowd", worker):
            assert api.label("crowd", item["id"], worker, "yes")[0] == 200
            done.append(item["id"])
            if api.call("GET", "/crowd")[1]["remaining"] == 0:
                break
        return done

    def until_it_ends(worker: str) -> list[str]:
        try:
            return work(worker)
        except AssertionError as error:  # the last label was somebody else's, and the job has gone on
            assert "job_not_open" in str(error)
            return []

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(until_it_ends, ["ann", "ben", "cem", "dot"]))

    report = api.report(arn)
    assert (report["labels"], report["outcomes"]) == (12, {"labelled": 12})


def test_answers_that_are_lost_are_made_up_for(api: Api, state: Path) -> None:
    """A label whose answer is lost is one label; a report that never got through is made by the next who looks."""
    arn = api.start("faults", texts(2))
    first = api.next("faults", "ann")["id"]
    lost = {"operation": "dynamodb.TransactWriteItems", "error": "InternalServerError", "times": 2, "after": True}
    remote.ask(state, "POST", "faults", lost)
    assert api.label("faults", first, "ann", "yes")[0] == 200
    second = api.next("faults", "ann")["id"]
    remote.ask(state, "POST", "faults", {"operation": "stepfunctions.SendTaskSuccess", "error": "InternalFailure"})
    assert api.label("faults", second, "ann", "no")[0] == 500
    assert api.execution(arn)["status"] == "RUNNING"
    remote.ask(state, "DELETE", "faults/")

    assert api.label("faults", second, "ann", "no")[0] == 200

    assert api.report(arn)["labels"] == 2


def test_the_same_label_again_is_the_same_and_another_one_is_refused(api: Api) -> None:
    arn = api.start("twice", texts(2), votes=1)
    item = api.next("twice", "ann")["id"]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.label("twice", item, "ann", "yes"), range(4)))

    assert [status for status, _ in answers] == [200] * 4
    status, answer = api.label("twice", item, "ann", "no")
    assert (status, answer["error"]["code"], answer["error"]["param"]) == (409, "already_labelled", "label")
    assert api.call("GET", "/twice")[1]["labels"] == 1
    assert api.execution(arn)["status"] == "RUNNING"


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


def test_at_its_deadline_a_job_ends_as_expired_with_what_there_is(api: Api) -> None:
    lines = [*texts(4), "{broken", {"text": " "}, {"text": "theirs", "tenant": "other"}, texts(1)[0]]
    arn = api.start("late", lines, votes=2, deadline_seconds=20)
    for worker in ("ann", "ben"):
        item = api.next("late", worker)["id"]
        assert api.label("late", item, worker, "yes")[0] == 200
    assert api.label("late", api.next("late", "ann")["id"], "ann", "no")[0] == 200
    odd = api.next("late", "ann")["id"]
    assert api.call("POST", f"/late/items/{odd}/flag", {"worker": "ann", "reason": "not a text"})[0] == 200

    report = api.report(arn)

    assert report["status"] == "expired"
    assert report["outcomes"] == {"flagged": 1, "labelled": 1, "partial": 1, "unlabelled": 1}
    assert report["rejected"] == 4
    rejected = api.file("late", "rejected.jsonl")
    assert [row["line"] for row in rejected] == [5, 6, 7, 8]
    assert all(row["reason"] for row in rejected)
    assert api.call("POST", "/late/next", {"worker": "ann"})[1]["error"]["code"] == "job_not_open"
    assert len(api.file("late", "examples.jsonl")) == 1


def test_a_skipped_item_is_offered_to_others_and_not_to_the_same_person(api: Api) -> None:
    api.start("skips", texts(2))
    item = api.next("skips", "ann")["id"]
    reason = {"worker": "ann", "reason": "I cannot read it"}

    assert [api.call("POST", f"/skips/items/{item}/skip", reason)[0] for _ in range(2)] == [200, 200]
    assert api.next("skips", "ann")["id"] != item
    assert api.next("skips", "ben")["id"] == item


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
    first = api.call("GET", "?limit=2")[1]
    rest = api.call("GET", f"?limit=100&after={first['last_id']}")[1]

    names = [job["id"] for job in [*first["data"], *rest["data"]]]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert names == sorted(names)
    assert {"pumps", "late", "twice"} <= set(names)


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
    assert json.loads(example["messages"][1]["content"]) == [{"label": "part", "text": "Pump A"}]


def test_the_command_starts_a_job_works_on_it_and_reads_its_results(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "find_target", lambda *_, **__: target)

    def command(*arguments: str) -> Any:
        done = CliRunner().invoke(app, ["label", *arguments, "--json"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    items = tmp_path / "items.jsonl"
    items.write_text('{"text": "A pump"}\n{"text": "A valve"}\n')
    given = ("--question", "Which fit?", "--type", "multiple_choice", "--choice", "pump", "--choice", "part")
    job = command("start", str(items), *given, "--name", "fit", "--hours", "1")["job"]
    assert wait_for(lambda: any(one["id"] == job and one["status"] == "open" for one in command("jobs")))
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


def test_nothing_was_denied_and_no_log_has_a_token_or_a_person(api: Api, target: Target, state: Path) -> None:
    roles = cloud.permissions(state)["roles"]
    logs = target.client("logs")
    lines = [
        event["message"]
        for group in logs.describe_log_groups()["logGroups"]
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]

    assert {one["role"]: one["denied"] for one in roles if one["denied"]} == {}
    unused = {
        call["action"] for one in roles if "abelling" in one["role"] or "-Step" in one["role"] for call in one["unused"]
    }
    assert {action for action in unused if not action.startswith(("logs:", "xray:"))} <= {"s3:ListBucket"}
    machine = target.parameter("labelling/state-machine-arn")
    tokens = [
        json.loads(event["taskScheduledEventDetails"]["parameters"])["Payload"]["token"]
        for execution in api.states.list_executions(stateMachineArn=machine)["executions"]
        for event in api.states.get_execution_history(executionArn=execution["executionArn"])["events"]
        if event["type"] == "TaskScheduled" and '"token"' in event["taskScheduledEventDetails"]["parameters"]
    ]
    assert tokens
    assert not [line for line in lines if any(token in line for token in tokens)]
    assert any("labelling" in line for line in lines)
    assert not [line for line in lines if "ann@example.com" in line or "Text 0" in line]
    with pytest.raises(api.s3.exceptions.NoSuchKey):
        api.s3.get_object(Bucket=api.bucket, Key="labelling/bad-task/items.jsonl")
