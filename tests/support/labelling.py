"""An environment with labelling in the local cloud, its API over HTTP, and jobs."""

import json
from pathlib import Path
from typing import Any

import urllib3

from slipway_cli.labelling import start_job
from slipway_cli.target import Target
from support import trial
from support.waiting import wait_for

SETTINGS = """
removal: destroy
termination_protection: false
labelling: {enabled: true}
"""
CHOICE = {"type": "single_choice", "question": "Is it about pumps?", "choices": ["yes", "no"]}


def up(state: Path) -> Target:
    """Bring up an environment with policies enforced; beside `state` lies what it is made of."""
    return trial.up(state.parent, SETTINGS)


class Api:
    """The gateway over HTTP, status and body as they come, and jobs started beside it."""

    def __init__(self, target: Target) -> None:
        self.target, self.bucket = target, target.parameter("foundation/artifacts-bucket-name")
        self.s3, self.states = target.client("s3"), target.client("stepfunctions")

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and body of a request."""
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
        """Return an execution."""
        return dict(self.states.describe_execution(executionArn=arn))

    def report(self, arn: str) -> dict[str, Any]:
        """Wait until an execution has ended well and return its output."""
        assert wait_for(lambda: self.execution(arn)["status"] != "RUNNING", seconds=60)
        found = self.execution(arn)
        assert found["status"] == "SUCCEEDED", found
        return dict(json.loads(found["output"]))

    def next(self, job: str, worker: str, **more: Any) -> Any:
        """Return the next item of a worker, or None."""
        status, answer = self.call("POST", f"/{job}/next", {"worker": worker, **more})
        assert status == 200, answer
        return answer["item"]

    def label(self, job: str, item: str, worker: str, label: Any) -> tuple[int, Any]:
        """Return status and body of a label."""
        return self.call("POST", f"/{job}/items/{item}/labels", {"worker": worker, "label": label})

    def file(self, job: str, name: str) -> list[Any]:
        """Return the rows of a file of a job."""
        body = self.s3.get_object(Bucket=self.bucket, Key=f"labelling/{job}/{name}")["Body"].read()
        return [json.loads(line) for line in body.splitlines()]


def texts(number: int) -> list[Any]:
    """Return lines of items that name documents and versions."""
    return [{"text": f"Text {at}", "document_id": f"doc_{at}", "source_version": f"v{at}"} for at in range(number)]
