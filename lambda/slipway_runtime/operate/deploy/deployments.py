"""The table of deployments: what each endpoint serves and served before, who is changing it, and how versions fared.

An endpoint's item `state` is also its lock: one execution holds it, and another takes it over only once that has ended.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
"""

import json
import time
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.operate.deploy.refused import EndpointBusyError
from slipway_runtime.operate.retry import error_code

STATE, VERSION = "state", "version#"


class Served(msgspec.Struct, frozen=True):
    """What is served: a version with the model and the configuration that were made for it; config "" of components."""

    package: str
    label: str
    model: str
    config: str = ""


class Standing(msgspec.Struct, frozen=True):
    """Of an endpoint. `interrupted_by`: the execution that wants the one before it to go back."""

    current: Served | None = None
    previous: Served | None = None
    interrupted_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Deployments:
    """The table. `states`: Step Functions, which says whether a holder still runs."""

    client: Any
    states: Any
    table: str

    def hold(self, endpoint: str, execution: str) -> Standing:
        """Take the lock, or keep it, and return the standing. Raises: EndpointBusyError while another holds it."""
        item = self._get(endpoint, STATE)
        holder = item.get("holder", {}).get("S", "")
        if holder and holder != execution and self._runs(holder):
            raise EndpointBusyError(f"{endpoint} is being changed by {holder}")
        condition = "holder = :before" if holder else "attribute_not_exists(holder)"
        values = {":me": {"S": execution}} | ({":before": {"S": holder}} if holder else {})
        try:
            self._update(endpoint, STATE, "SET holder = :me", values, condition)
        except self.client.exceptions.ConditionalCheckFailedException:
            raise EndpointBusyError(f"{endpoint} was taken by another deployment just now") from None
        return _standing(item)

    def interrupt(self, endpoint: str, execution: str) -> None:
        """Note that this execution wants the running deployment to go back."""
        self._update(endpoint, STATE, "SET interrupted_by = :me", {":me": {"S": execution}})

    def release(self, endpoint: str, execution: str) -> None:
        """Let the lock go; twice is as good as once."""
        try:
            held = {":me": {"S": execution}}
            self._update(endpoint, STATE, "REMOVE holder", held, "holder = :me")
        except self.client.exceptions.ConditionalCheckFailedException:
            return

    def write(self, endpoint: str, current: Served | None, previous: Served | None) -> None:
        """Write what is served from now on."""
        both = {":current": current, ":previous": previous}
        values = {name: {"S": msgspec.json.encode(one).decode() if one else ""} for name, one in both.items()}
        change = "SET current_version = :current, previous_version = :previous REMOVE interrupted_by"
        self._update(endpoint, STATE, change, values)

    def note(self, endpoint: str, package: str, outcome: str) -> None:
        """Write how a version fared, and when."""
        said = json.dumps({"outcome": outcome, "at": int(time.time())})
        self._update(endpoint, VERSION + package, "SET fared = :said", {":said": {"S": said}})

    def standing(self, endpoint: str) -> Standing:
        """Return what an endpoint serves."""
        return _standing(self._get(endpoint, STATE))

    def fared(self, endpoint: str, package: str) -> dict[str, Any]:
        """Return outcome and time, in seconds since 1970, of a version's last deployment; {} without one."""
        found: dict[str, Any] = json.loads(self._get(endpoint, VERSION + package).get("fared", {"S": "{}"})["S"])
        return found

    def _runs(self, execution: str) -> bool:
        try:
            return bool(self.states.describe_execution(executionArn=execution)["status"] == "RUNNING")
        except self.states.exceptions.ClientError as error:
            if error_code(error) != "ExecutionDoesNotExist":
                raise
            return False

    def _get(self, endpoint: str, item: str) -> dict[str, Any]:
        answer = self.client.get_item(TableName=self.table, Key=_key(endpoint, item), ConsistentRead=True)
        found: dict[str, Any] = answer.get("Item", {})
        return found

    def _update(self, endpoint: str, item: str, change: str, values: dict[str, Any], condition: str = "") -> None:
        conditioned = {"ConditionExpression": condition} if condition else {}
        self.client.update_item(
            TableName=self.table,
            Key=_key(endpoint, item),
            UpdateExpression=change,
            ExpressionAttributeValues=values,
            **conditioned,
        )


def _key(endpoint: str, item: str) -> dict[str, Any]:
    return {"endpoint": {"S": endpoint}, "item": {"S": item}}


def _standing(item: dict[str, Any]) -> Standing:
    def served(name: str) -> Served | None:
        text = item.get(name, {}).get("S", "")
        return msgspec.json.decode(text, type=Served) if text else None

    by = item.get("interrupted_by", {}).get("S", "")
    return Standing(current=served("current_version"), previous=served("previous_version"), interrupted_by=by)
