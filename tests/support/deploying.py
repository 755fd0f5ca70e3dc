"""Deployments for tests: a small environment, versions that serve well, err or take long, and steady traffic."""

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from slipway_cli import deployments, model_files
from slipway_cli.models import Models
from slipway_cli.target import Target
from slipway_local import remote
from support.endpoints import SERVE
from support.waiting import wait_for

SETTINGS = """
removal: destroy
termination_protection: false
serving:
  endpoints:
    - name: support
      model: { registry: support, like: Qwen/Qwen2.5-7B }
      instance: ml.g5.xlarge
      scaling: { min: 2, max: 2 }
      rollout: { kind: canary, step_percent: 10, bake_minutes: 1, max_latency_seconds: 1 }
    - name: nap
      model: { registry: nap, like: Qwen/Qwen2.5-7B }
      instance: ml.g5.xlarge
      scaling: { min: 0 }
"""
CONFIG = {
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_size": 64,
    "max_position_embeddings": 8192,
}  # fmt: skip
ENDPOINT = "slipway-trial-support"


def folder(into: Path, name: str, config: dict[str, Any] | None = None, **about: Any) -> Path:
    """Make the folder of a model whose server says its name, and does what `about` says."""
    made = into / name
    made.mkdir()
    (made / "config.json").write_text(json.dumps(CONFIG | (config or {})))
    (made / "serve.py").write_text(SERVE)
    (made / "about.json").write_text(json.dumps({"name": name, **about}))
    return made


def registered(target: Target, model: str, files: Path) -> str:
    """Register a folder; return NAME/VERSION."""
    found = model_files.add(target, model, files)
    return f"{found['name']}/{found['version']}"


def approve(target: Target, version: str, bake_seconds: int = 2) -> None:
    """Approve a version, whose deployment then begins."""
    Models(target).update(version, "Approved", "good", bake_seconds=str(bake_seconds))


def runs(target: Target) -> list[dict[str, Any]]:
    """Return the executions of the flow, newest first."""
    machine = target.parameter("deployment/state-machine-arn")
    found = target.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    return sorted(found, key=lambda one: one["startDate"], reverse=True)


def ended(target: Target, version: str, seconds: float = 120) -> dict[str, Any]:
    """Wait for the end of the newest deployment of a version, and return what came of it."""
    states, arn = target.client("stepfunctions"), Models(target).version(version)["arn"]

    def mine() -> list[str]:
        shown = [states.describe_execution(executionArn=each["executionArn"]) for each in runs(target)]
        return [one["executionArn"] for one in shown if json.loads(one["input"]).get("package") == arn]

    assert wait_for(mine, seconds=30), "no deployment began"
    return deployments.follow(target, mine()[0])


def ask(target: Target, endpoint: str = ENDPOINT, **more: Any) -> str:
    """Ask an endpoint, and return which model answered."""
    given = {"EndpointName": endpoint, "ContentType": "application/json", "Body": b'"hello"'}
    answer = target.client("sagemaker-runtime").invoke_endpoint(**given, **more)
    return str(json.loads(answer["Body"].read())["by"])


@contextlib.contextmanager
def traffic(target: Target, workers: int = 4, pause_seconds: float = 0.03) -> Iterator[Counter[str]]:
    """Ask steadily; counts who answered, and failures as `failed`."""
    counts: Counter[str] = Counter()
    lock, done = threading.Lock(), threading.Event()
    runtime = target.client("sagemaker-runtime")

    def work() -> None:
        while not done.is_set():
            try:
                given = {"EndpointName": ENDPOINT, "ContentType": "application/json", "Body": b'"hello"'}
                by = json.loads(runtime.invoke_endpoint(**given)["Body"].read())["by"]
            except ClientError:
                by = "failed"
            with lock:
                counts[by] += 1
            time.sleep(pause_seconds)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        done.set()
        for thread in threads:
            thread.join()


@contextlib.contextmanager
def fault(state: Path, operation: str, error: str) -> Iterator[None]:
    """Let an operation fail meanwhile."""
    rule = {"operation": operation, "error": error, "rate": 1.0, "latency_seconds": 0.0}
    made = remote.ask(state, "POST", "faults", rule)
    try:
        yield
    finally:
        remote.ask(state, "DELETE", f"faults/{made['id']}")


def quiet(target: Target) -> bool:
    """Return whether no alarm of the endpoints is raised."""
    raised = target.client("cloudwatch").describe_alarms(StateValue="ALARM")["MetricAlarms"]
    return not [one for one in raised if "serving" in one["AlarmName"]]


def history(target: Target, subject: str = "endpoint/support") -> list[dict[str, Any]]:
    """Return the audit table's entries of a subject, in order."""
    pages = target.client("dynamodb").get_paginator("query").paginate(
        TableName=target.parameter("foundation/audit-table-name"),
        KeyConditionExpression="subject = :subject",
        ExpressionAttributeValues={":subject": {"S": subject}},
    )  # fmt: skip
    items = [{name: value["S"] for name, value in item.items()} for page in pages for item in page["Items"]]
    return [{**item, "detail": json.loads(item["detail"])} for item in items]
