"""A local cloud of its own in which executions wait and call, events run and messages move."""

import contextlib
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ConnectionError, HTTPClientError

from local.cloud.state_machines import ROLE, chain, one
from slipway_local import cloud
from slipway_local.aws import Place

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
CREDENTIALS: Any = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
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
        self.before: dict[str, tuple[dict[str, Any], list[Any]]] = {}
        self.waiting: dict[str, str] = {}
        self.work = ""

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

    def logged(self, group: str) -> dict[str, Any]:
        """Return the events of a log group by their type."""
        events = self.place.client("logs").filter_log_events(logGroupName=group)["events"]
        lines = [json.loads(event["message"]) for event in events]
        return {line["type"]: line for line in lines}

    def bodies(self, queue: str) -> list[str]:
        found = []
        while answer := self.sqs.receive_message(QueueUrl=self.names[queue], MaxNumberOfMessages=10).get("Messages"):
            found += [message["Body"] for message in answer]
        return found


def start_all(own: Own) -> None:
    """Start one of each kind."""
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
    own.work = own.sfn.get_activity_task(activityArn=activity)["taskToken"]
    told = {"QueueUrl": own.names["Express"], "MessageBody": "told"}
    tell = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": told}
    own.start("express", chain({"Type": "Wait", "Seconds": WAIT_SECONDS}, tell), kind="EXPRESS")
    _start_sync(own, chain({"Type": "Wait", "Seconds": 250}))
    own.start("late", chain({"Type": "Wait", "Seconds": 3600}, TimeoutSeconds=WAIT_SECONDS))
    failing = {"Type": "Choice", "Choices": [{"Variable": "$.no", "IsPresent": True, "Next": "B"}], "Default": "B"}
    own.start("failed", one({"A": failing, "B": {"Type": "Fail", "Error": "Bad", "Cause": "on purpose"}}))
    own.start("ended", chain({"Type": "Pass", "Result": {"a": 1}}))
    own.before = {name: (own.ended(name), own.events(name)) for name in ("ended", "failed")}

    event = json.dumps({"bucket": own.names["Bucket"], "name": "event"})
    own.place.client("lambda").invoke(FunctionName=own.names["Blocked"], InvocationType="Event", Payload=event.encode())
    own.local.eventually(lambda: own.keys("event/began") and own.keys("call/began"), seconds=60)
    for number in range(MOVED):
        own.sqs.send_message(QueueUrl=own.names["Dead"], MessageBody=str(number))
    own.waiting = own.tokens(5)
    own.approve(own.waiting["four"])
    own.local.eventually(lambda: own.map_run("map")["itemCounts"]["succeeded"] == 1)
    own.sqs.start_message_move_task(
        SourceArn=queue_arn(own, "Dead"), DestinationArn=queue_arn(own, "Target"), MaxNumberOfMessagesPerSecond=1
    )


def _start_sync(own: Own, definition: Any) -> None:
    """Let a thread wait for the answer of an express execution, which it never gets; a log group hears of its end."""
    logs = own.place.client("logs")
    logs.create_log_group(logGroupName="sync")
    arn = logs.describe_log_groups(logGroupNamePrefix="sync")["logGroups"][0]["arn"]
    logging = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]}
    machine = own.sfn.create_state_machine(
        name="sync", definition=json.dumps(definition), roleArn=ROLE, type="EXPRESS",
        loggingConfiguration={**logging, "includeExecutionData": True},
    )["stateMachineArn"]  # fmt: skip
    config = Config(inject_host_prefix=False, retries={"total_max_attempts": 1})
    client = boto3.client("stepfunctions", endpoint_url=own.place.endpoint_url, config=config, **CREDENTIALS)

    def call() -> None:
        with contextlib.suppress(ConnectionError, HTTPClientError):
            client.start_sync_execution(stateMachineArn=machine)

    threading.Thread(target=call, daemon=True).start()
    own.local.eventually(lambda: "ExecutionStarted" in own.logged("sync"))


def queue_arn(own: Own, queue: str) -> str:
    """Return the ARN of a queue of this name."""
    found = own.sqs.get_queue_attributes(QueueUrl=own.names[queue], AttributeNames=["QueueArn"])
    return str(found["Attributes"]["QueueArn"])
