"""Start a run that erases deleted documents from training sets and other shards, and wait for its end."""

import json
import time
from typing import Any

from slipway_cli.errors import CommandError
from slipway_cli.target import Target

POLL_SECONDS = 0.5
COUNTS = ("documents", "objects", "lines")


def erase(target: Target, *, confirm: bool) -> dict[str, int]:
    """Run it; returns how many deleted documents it finished with, and what it took from how many objects.

    `confirm`: no job is running that read a document before it was deleted, so that no second pass is needed.

    Raises: CommandError if the run fails: what could be erased has been, and the rest stays asked for.
    """
    machines = target.client("stepfunctions")
    arn = target.parameter("deletion/state-machine-arn")
    execution = machines.start_execution(stateMachineArn=arn, input=json.dumps({"confirm": confirm}))["executionArn"]
    while (run := machines.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(POLL_SECONDS)
    if run["status"] != "SUCCEEDED":
        raise CommandError(_failure(run))
    found = json.loads(run["output"])
    return {name: found[name] for name in COUNTS}


def _failure(run: dict[str, Any]) -> str:
    return (
        f"the run {run['executionArn']} ended as {run['status']}: {run.get('error', '')} {run.get('cause', '')}. "
        "The log of the function erase names the objects (`slipway local logs Erase`, or CloudWatch)."
    )
