"""What was going on when the local cloud ended goes on when it starts again: after `down`, and after a crash.

Expectations: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token (a task
waits for its token up to a year), https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html (Lambda keeps
events until they were processed, and may process one more than once), and
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud.state_machines import ROLE, chain, one
from slipway_local import cloud
from slipway_local.aws import Place

pytestmark = pytest.mark.capability("O14")
# Says that it runs, and ends when somebody lets it.
BLOCKED = """
import boto3, time
def handler(event, context):
    s3, bucket = boto3.client("s3"), event["bucket"]
    s3.put_object(Bucket=bucket, Key=f"{event['name']}/began/{time.time()}")
    while not s3.list_objects_v2(Bucket=bucket, Prefix=f"{event['name']}/go").get("Contents"):
        time.sleep(0.1)
    s3.put_object(Bucket=bucket, Key=f"{event['name']}/done/{time.time()}")
    return "done"
"""
WAIT_SECONDS = 12
MOVED = 12


class Own:
    """A local cloud of its own in which much is going on when it ends."""

    def __init__(self, folder: Path, local_cloud: Any) -> None:
        (folder / "assembly").mkdir()
        self.state = folder / "state"
        self.local = type(local_cloud)(self.state, Place(endpoint_url=""), folder / "assembly")
        dead = {"DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Lost", "Arn"]}}}
        names = ("Approvals", "Target", "Dead", "Lost", "Express")
        self.resources = {
            "Role": local_cloud.role(),
            "Blocked": local_cloud.function(BLOCKED, timeout=600, **dead),
            "Bucket": {"Type": "AWS::S3::Bucket"},
            **{name: {"Type": "AWS::SQS::Queue"} for name in names},
        }
        self.up()
        self.runs: dict[str, str] = {}
        self.began = time.time()

    def up(self) -> None:
        outputs = {name: {"Value": {"Ref": name}} for name in self.resources}
        status = self.local.deploy(One={"Resources": self.resources, "Outputs": outputs})
        self.names = self.local.outputs(status, "One")
        self.place = Place(endpoint_url=status.endpoint_url)
        self.sfn, self.sqs = self.place.client("stepfunctions"), self.place.client("sqs")

    def end(self, how: str) -> None:
        """Stop it, or kill it after a snapshot."""
        if how == "down":
            assert cloud.down(self.state) == ""
            return
        now = time.time()
        self.place.client("s3").put_object(Bucket=self.names["Bucket"], Key="a-change")
        self.local.eventually(lambda: cloud.status(self.state).snapshot["taken_at"] > now, seconds=60)
        os.kill(int((self.state / "daemon.lock").read_text()), signal.SIGKILL)
        self.local.eventually(lambda: cloud.status(self.state).state == "failed")

    def start(self, name: str, definition: Any, given: Any = None, kind: str = "STANDARD") -> None:
        """Start an execution of a machine of this name."""
        text = json.dumps(definition)
        arn = self.sfn.create_state_machine(name=name, definition=text, roleArn=ROLE, type=kind)["stateMachineArn"]
        answer = self.sfn.start_execution(stateMachineArn=arn, input=json.dumps(given or {}))
        self.runs[name] = answer["executionArn"]

    def approval(self) -> dict[str, Any]:
        """A state that asks for an approval and waits."""
        body = {"token.$": "$$.Task.Token", "who.$": "$.who"}
        parameters = {"QueueUrl": self.names["Approvals"], "MessageBody": body}
        return {
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": parameters, "TimeoutSeconds": 86_400,
        }  # fmt: skip

    def tokens(self, count: int) -> dict[str, str]:
        """Return the tokens of so many approvals, by who asks."""
        found: dict[str, str] = {}

        def look() -> bool:
            answer = self.sqs.receive_message(QueueUrl=self.names["Approvals"], MaxNumberOfMessages=10)
            bodies = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
            found.update({body["who"]: body["token"] for body in bodies})
            return len(found) == count

        self.local.eventually(look, seconds=60)
        return found

    def approve(self, token: str) -> None:
        self.sfn.send_task_success(taskToken=token, output='"approved"')

    def keys(self, prefix: str) -> list[str]:
        listed = self.place.client("s3").list_objects_v2(Bucket=self.names["Bucket"], Prefix=prefix)
        return [item["Key"] for item in listed.get("Contents", [])]

    def described(self, name: str) -> dict[str, Any]:
        return dict(self.sfn.describe_execution(executionArn=self.runs[name]))

    def ended(self, name: str) -> dict[str, Any]:
        def look() -> Any:
            shown = self.described(name)
            return shown if shown["status"] != "RUNNING" else None

        return dict(self.local.eventually(look, seconds=60, what=f"the end of {name}"))

    def events(self, name: str) -> list[Any]:
        return list(self.sfn.get_execution_history(executionArn=self.runs[name])["events"])

    def counted(self, name: str, event_type: str) -> int:
        return [event["type"] for event in self.events(name)].count(event_type)

    def map_run(self, name: str) -> dict[str, Any]:
        (run,) = self.sfn.list_map_runs(executionArn=self.runs[name])["mapRuns"]
        return dict(self.sfn.describe_map_run(mapRunArn=run["mapRunArn"]))

    def bodies(self, queue: str) -> list[str]:
        found = []
        while answer := self.sqs.receive_message(QueueUrl=self.names[queue], MaxNumberOfMessages=10).get("Messages"):
            found += [message["Body"] for message in answer]
        return found


@pytest.fixture(scope="module", params=["down", "a crash"])
def own(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, local_cloud: Any) -> Iterator[Own]:
    """The local cloud after its restart; `before` holds what there was to see."""
    folder = tmp_path_factory.mktemp("resumes")
    own = Own(folder, local_cloud)
    _start_all(own)
    own.end(request.param)
    own.up()
    yield own
    cloud.down(own.state)
    shutil.rmtree(folder)


def _start_all(own: Own) -> None:
    approval = own.approval()
    own.start("approval", chain(approval, {"Type": "Pass", "Result": "last"}), {"who": "one"})
    own.start("waiting", chain({"Type": "Wait", "Seconds": WAIT_SECONDS}))
    arn = own.place.client("lambda").get_function(FunctionName=own.names["Blocked"])["Configuration"]["FunctionArn"]
    call = {"Type": "Task", "Resource": arn}
    own.start("calling", chain(call), {"bucket": own.names["Bucket"], "name": "call"})
    branches = [chain(approval, prefix="A"), chain({"Type": "Pass", "Result": 1}, prefix="B")]
    own.start("parallel", chain({"Type": "Parallel", "Branches": branches}), {"who": "two"})
    child = own.sfn.create_state_machine(name="child", definition=json.dumps(chain(approval)), roleArn=ROLE)
    nested = {"StateMachineArn": child["stateMachineArn"], "Input": {"who": "three"}}
    sync = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": nested}
    own.start("nested", chain(sync))
    each = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **chain(approval, prefix="M")}
    people = [{"who": "four"}, {"who": "five"}]
    own.start("map", chain({"Type": "Map", "ItemsPath": "$.all", "ItemProcessor": each}), {"all": people})
    activity = own.sfn.create_activity(name="work")["activityArn"]
    own.start("activity", chain({"Type": "Task", "Resource": activity, "TimeoutSeconds": 86_400}))
    own.work = own.sfn.get_activity_task(activityArn=activity)["taskToken"]  # type: ignore[attr-defined]
    told = {"QueueUrl": own.names["Express"], "MessageBody": "told"}
    tell = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": told}
    own.start("express", chain({"Type": "Wait", "Seconds": WAIT_SECONDS}, tell), kind="EXPRESS")
    own.start("late", chain({"Type": "Wait", "Seconds": 3600}, TimeoutSeconds=WAIT_SECONDS))
    failing = {"Type": "Choice", "Choices": [{"Variable": "$.no", "IsPresent": True, "Next": "B"}], "Default": "B"}
    own.start("failed", one({"A": failing, "B": {"Type": "Fail", "Error": "Bad", "Cause": "on purpose"}}))
    own.start("ended", chain({"Type": "Pass", "Result": {"a": 1}}))
    own.before = {name: (own.ended(name), own.events(name)) for name in ("ended", "failed")}  # type: ignore[attr-defined]

    event = json.dumps({"bucket": own.names["Bucket"], "name": "event"})
    own.place.client("lambda").invoke(FunctionName=own.names["Blocked"], InvocationType="Event", Payload=event.encode())
    own.local.eventually(lambda: own.keys("event/began") and own.keys("call/began"), seconds=60)
    for number in range(MOVED):
        own.sqs.send_message(QueueUrl=own.names["Dead"], MessageBody=str(number))
    own.waiting = own.tokens(5)  # type: ignore[attr-defined]
    own.approve(own.waiting["four"])  # type: ignore[attr-defined]
    own.local.eventually(lambda: own.map_run("map")["itemCounts"]["succeeded"] == 1)
    own.sqs.start_message_move_task(
        SourceArn=_arn(own, "Dead"), DestinationArn=_arn(own, "Target"), MaxNumberOfMessagesPerSecond=1
    )


def _arn(own: Own, queue: str) -> str:
    found = own.sqs.get_queue_attributes(QueueUrl=own.names[queue], AttributeNames=["QueueArn"])
    return str(found["Attributes"]["QueueArn"])


def test_an_ended_execution_is_as_it_was(own: Any) -> None:
    for name in ("ended", "failed"):
        shown, events = own.before[name]
        answer = own.described(name)
        assert {**answer, "ResponseMetadata": 0} == {**shown, "ResponseMetadata": 0}
        assert own.events(name) == events


def test_a_failed_execution_can_be_redriven(own: Any) -> None:
    own.sfn.redrive_execution(executionArn=own.runs["failed"])
    shown = own.ended("failed")
    assert (shown["status"], shown["redriveCount"]) == ("FAILED", 1)


def test_an_approval_goes_on_with_the_same_token_and_nothing_is_asked_again(own: Any) -> None:
    assert own.described("approval")["status"] == "RUNNING"
    own.sfn.send_task_heartbeat(taskToken=own.waiting["one"])
    own.approve(own.waiting["one"])
    assert own.ended("approval")["output"] == '"last"'
    assert own.counted("approval", "TaskScheduled") == own.counted("approval", "TaskStateEntered") == 1
    assert own.counted("approval", "ExecutionStarted") == 1


def test_branches_that_had_ended_are_not_run_again(own: Any) -> None:
    own.approve(own.waiting["two"])
    assert own.ended("parallel")["output"] == '["approved", 1]'
    assert own.counted("parallel", "PassStateEntered") == 1


def test_a_nested_execution_is_followed_and_not_started_again(own: Any) -> None:
    own.approve(own.waiting["three"])
    assert own.ended("nested")["status"] == "SUCCEEDED"
    arn = own.runs["nested"].replace(":execution:", ":stateMachine:").rpartition(":")[0]
    children = own.sfn.list_executions(stateMachineArn=arn.replace(":nested", ":child"))["executions"]
    assert [child["status"] for child in children] == ["SUCCEEDED"]


def test_a_map_run_goes_on_with_the_children_that_had_not_ended(own: Any) -> None:
    own.approve(own.waiting["five"])
    assert own.ended("map")["output"] == '["approved", "approved"]'
    run = own.map_run("map")
    assert (run["status"], run["redriveCount"], run["executionCounts"]["succeeded"]) == ("SUCCEEDED", 0, 2)
    assert len(own.sfn.list_executions(mapRunArn=run["mapRunArn"])["executions"]) == 2


def test_a_worker_of_an_activity_reports_on_the_work_that_it_took(own: Any) -> None:
    own.approve(own.work)
    assert own.ended("activity")["output"] == '"approved"'


def test_a_wait_ends_when_it_would_have_ended(own: Any) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html"""
    shown = own.ended("waiting")
    assert shown["status"] == "SUCCEEDED"
    assert (shown["stopDate"] - shown["startDate"]).total_seconds() >= WAIT_SECONDS
    assert own.counted("waiting", "WaitStateEntered") == 1


def test_an_execution_still_times_out(own: Any) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html"""
    assert own.ended("late")["status"] == "TIMED_OUT"


def test_an_express_execution_goes_on(own: Any) -> None:
    """Asynchronous ones run at least once: https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html"""
    found: list[str] = []

    def told() -> list[str]:
        found.extend(own.bodies("Express"))
        return found

    assert own.local.eventually(told, seconds=60) == ["told"]


def test_a_call_in_progress_is_made_again(own: Any) -> None:
    own.local.eventually(lambda: len(own.keys("call/began")) == 2, seconds=60)
    own.place.client("s3").put_object(Bucket=own.names["Bucket"], Key="call/go")
    assert own.ended("calling")["output"] == '"done"'
    assert own.counted("calling", "LambdaFunctionScheduled") == 2


def test_an_asynchronous_event_in_progress_is_run_again(own: Any) -> None:
    own.local.eventually(lambda: len(own.keys("event/began")) == 2, seconds=60)
    own.place.client("s3").put_object(Bucket=own.names["Bucket"], Key="event/go")
    own.local.eventually(lambda: own.keys("event/done"), seconds=60)
    assert own.bodies("Lost") == []


def test_messages_go_on_moving(own: Any) -> None:
    def task() -> dict[str, Any]:
        return dict(own.sqs.list_message_move_tasks(SourceArn=_arn(own, "Dead"))["Results"][0])

    own.local.eventually(lambda: task()["Status"] == "COMPLETED", seconds=60)
    assert task()["ApproximateNumberOfMessagesMoved"] == MOVED
    assert sorted(own.bodies("Target"), key=int) == [str(number) for number in range(MOVED)]
