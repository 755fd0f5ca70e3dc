"""What waits for a person's word: opened by a run with its task token, decided once, or expired.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
"""

import json
import time
from dataclasses import dataclass
from typing import Any, Literal

from slipway_runtime.operate.retry import error_code

KIND = "approval"
SETTLED = frozenset(("TaskDoesNotExist", "TaskTimedOut"))  # the run goes on already
Word = Literal["approved", "rejected"]


class ApprovalRefused(Exception):  # noqa: N818 - says what is wrong
    """The decision cannot be taken: no such approval, decided or expired already, or the same eyes."""


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """The table of approvals. `four_eyes`: who asked for a run may not approve it."""

    client: Any
    table: str
    four_eyes: bool

    def open(self, run_id: str, *, token: str, requested_by: str, seconds: int, evidence: dict[str, Any]) -> None:
        """Write that a run waits; another token, of a state that was tried again, takes the place of the first."""
        now = int(time.time())
        item = {
            "requested_by": requested_by,
            "requested_at": now,
            "expires_at": now + seconds,
            "status": "pending",
            "token": token,
            "evidence": json.dumps(evidence),
        }
        self.client.put_item(TableName=self.table, Item={**_key(run_id), **_typed(item)})

    def list(self) -> list[dict[str, Any]]:
        """Return all approvals, newest first, without tokens and evidence."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="#kind = :kind",
            ExpressionAttributeNames={"#kind": "kind"},
            ExpressionAttributeValues={":kind": {"S": KIND}},
        )
        found = [_shown(item) for page in pages for item in page["Items"]]
        for each in found:
            del each["evidence"]
        return sorted(found, key=lambda each: int(each["requested_at"]), reverse=True)

    def show(self, run_id: str) -> dict[str, Any]:
        """Return an approval with its evidence, without its token. Raises: ApprovalRefused if there is none."""
        return _shown(self._item(run_id))

    def decide(self, states: Any, run_id: str, word: Word, *, by: str, comment: str) -> dict[str, Any]:
        """Decide, and let the run go on. The same decision by the same person again is told again.

        Raises: ApprovalRefused.
        """
        item = self._item(run_id)
        now = _shown(item)
        if not by.strip():
            raise ApprovalRefused("a decision needs a person's name")
        if self.four_eyes and by.strip().casefold() == str(now["requested_by"]).strip().casefold():
            raise ApprovalRefused(f"{by} asked for {run_id}: somebody else must decide (training.approval.four_eyes)")
        if (now["status"], now.get("decided_by", by)) != (word, by):
            self._write(
                run_id, now, {"status": word, "decided_by": by, "comment": comment, "decided_at": int(time.time())}
            )
        said = {"decision": word, "by": by, "comment": comment}
        try:
            states.send_task_success(taskToken=item["token"]["S"], output=json.dumps(said))
        except states.exceptions.ClientError as error:
            if error_code(error) not in SETTLED:
                raise
        return self.show(run_id)

    def expire(self, run_id: str) -> None:
        """Write that nobody decided in time."""
        self._write(run_id, self.show(run_id), {"status": "expired"})

    def _write(self, run_id: str, now: dict[str, Any], change: dict[str, Any]) -> None:
        names = {f"#{name}": name for name in change} | {"#status": "status"}
        values = {f":{name}": value for name, value in _typed(change).items()} | {":pending": {"S": "pending"}}
        try:
            self.client.update_item(
                TableName=self.table,
                Key=_key(run_id),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in change),
                ConditionExpression="#status = :pending",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            raise ApprovalRefused(f"{run_id} is {now['status']} already, by {now.get('decided_by', 'time')}") from None

    def _item(self, run_id: str) -> dict[str, Any]:
        found = self.client.get_item(TableName=self.table, Key=_key(run_id), ConsistentRead=True).get("Item")
        if not found:
            raise ApprovalRefused(f"there is no approval {run_id}; `slipway approvals list` shows those that are there")
        item: dict[str, Any] = found
        return item


def _key(run_id: str) -> dict[str, Any]:
    return {"kind": {"S": KIND}, "item": {"S": run_id}}


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in values.items()}


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {name: int(value["N"]) if "N" in value else value["S"] for name, value in item.items()}
    plain["run_id"] = plain.pop("item")
    plain["evidence"] = json.loads(plain["evidence"])
    for hidden in ("kind", "token"):
        del plain[hidden]
    return plain
