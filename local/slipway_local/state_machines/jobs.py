"""The hook for services that run jobs: what `.sync` starts, polls and stops.

A part of the product that emulates such a service calls `register`; a `.sync` of any other fails by an error that
names it.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class JobService:
    """How to follow a job by its service's own API; operations are boto3's names.

    `identify` gives each argument of `describe` (and `stop`) by the member of the arguments and the answer of the start
    that holds it. `status` is a dotted path into what `describe` returns; any status that is neither running nor
    succeeded is a failure. `parse_json` are the members that `.sync:2` returns as JSON instead of text.
    """

    service: str
    describe: str
    identify: Mapping[str, str]
    status: str
    running: frozenset[str]
    succeeded: frozenset[str]
    stop: str | None = None
    stop_identify: Mapping[str, str] | None = None
    patterns: frozenset[str] = frozenset({"sync"})
    parse_json: tuple[str, ...] = ()

    def identity(self, known: Mapping[str, Any], *, of_stop: bool = False) -> JsonObject:
        """Return the arguments that name one job."""
        names = self.stop_identify if of_stop and self.stop_identify is not None else self.identify
        return {argument: known[member] for argument, member in names.items()}

    def state_of(self, described: Mapping[str, Any]) -> str:
        """Return `running`, `succeeded` or `failed`."""
        value: Any = described
        for part in self.status.split("."):
            value = value[int(part)] if isinstance(value, list) else value.get(part)
        return "running" if value in self.running else "succeeded" if value in self.succeeded else "failed"

    def result(self, described: JsonObject, pattern: str) -> JsonObject:
        """Return what the state gets; `described` has `PascalCase` members."""
        parsed = self.parse_json if pattern == "sync:2" else ()
        return {key: json.loads(value) if key in parsed and value else value for key, value in described.items()}


_SERVICES: dict[str, JobService] = {}


def register(resource: str, service: JobService) -> None:
    """Let `arn:aws:states:::RESOURCE.sync` work; `resource` is such as `sagemaker:createTrainingJob`."""
    _SERVICES[resource] = service


def job_service(resource: str, pattern: str) -> JobService | None:
    """Return who runs the jobs of a resource with a pattern (`sync`, `sync:2`), None if nobody does."""
    service = _SERVICES.get(resource)
    return service if service and pattern in service.patterns else None


register(
    "states:startExecution",
    JobService(
        service="stepfunctions",
        describe="describe_execution",
        identify={"executionArn": "ExecutionArn"},
        status="status",
        running=frozenset({"RUNNING"}),
        succeeded=frozenset({"SUCCEEDED"}),
        stop="stop_execution",
        patterns=frozenset({"sync", "sync:2"}),
        parse_json=("Input", "Output"),
    ),
)
