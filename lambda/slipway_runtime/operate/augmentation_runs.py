"""Where a run of augmentation keeps what it makes, in the artifacts bucket.

augmented/<source>/<run>/examples.jsonl                     lines of `Example`, nothing else
labels/<source>/<run>/labels.jsonl                          lines of `LabelRecord`
augmentation-runs/<source>/<run>/plan.json, report.json, rejects.jsonl, documents/<document id>.json
"""

import re
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.operate.objects import GONE
from slipway_runtime.operate.retry import error_code
from slipway_runtime.operate.shards import put_shard
from slipway_runtime.prepare.augment.outcome import Outcome
from slipway_runtime.prepare.augment.plan import Plan
from slipway_runtime.prepare.augment.report import Results

PREFIX = re.compile(r"[a-z0-9-]{1,64}/[^\x00-\x1f\x7f]{0,900}\Z")
RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run over the objects whose keys begin with `prefix`.

    Raises: ValueError for a prefix without a tenant, and for a run id with other characters than letters, digits, - _.
    """

    client: Any
    bucket: str
    prefix: str
    run_id: str

    def __post_init__(self) -> None:
        if not PREFIX.match(self.prefix):
            raise ValueError("prefix must begin with a tenant and a slash, like default/handbooks/")
        if not RUN_ID.match(self.run_id):
            raise ValueError("run_id must be 1 to 80 letters, digits, - and _")

    @property
    def plan_key(self) -> str:
        """Return where the plan is."""
        return self._key("augmentation-runs", "plan.json")

    def write_plan(self, plan: Plan) -> None:
        """Write the plan."""
        self._put(self.plan_key, msgspec.json.encode(plan, order="sorted"))

    def read_plan(self) -> Plan:
        """Return the plan. Raises: the errors of S3."""
        body = self.client.get_object(Bucket=self.bucket, Key=self.plan_key)["Body"].read()
        return msgspec.json.decode(body, type=Plan)

    def write_outcome(self, outcome: Outcome) -> None:
        """Write what became of a document."""
        self._put(self._outcome_key(outcome.document_id), outcome.line())

    def outcome(self, document_id: str) -> Outcome | None:
        """Return what became of a document, or None if that is not known yet."""
        try:
            response = self.client.get_object(Bucket=self.bucket, Key=self._outcome_key(document_id))
        except self.client.exceptions.ClientError as error:
            if error_code(error) in GONE:
                return None
            raise
        with closing(response["Body"]) as body, suppress(msgspec.DecodeError):
            return msgspec.json.decode(body.read(), type=Outcome)
        return None

    def write_results(self, results: Results) -> None:
        """Write the results, the report last."""
        put_shard(self.client, self.bucket, self._key("augmented", "examples.jsonl"), results.examples)
        put_shard(self.client, self.bucket, self._key("labels", "labels.jsonl"), results.labels)
        put_shard(self.client, self.bucket, self._key("augmentation-runs", "rejects.jsonl"), results.rejects)
        report = msgspec.json.encode(results.report.shown(), order="sorted")
        self._put(self._key("augmentation-runs", "report.json"), report)

    def examples_key(self) -> str:
        """Return where the examples are."""
        return self._key("augmented", "examples.jsonl")

    def _outcome_key(self, document_id: str) -> str:
        return self._key("augmentation-runs", f"documents/{document_id}.json")

    def _key(self, folder: str, name: str) -> str:
        return f"{folder}/{self.prefix.rstrip('/')}/{self.run_id}/{name}"

    def _put(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body)


def keys_under(client: Any, bucket: str, prefix: str) -> Iterator[str]:
    """Yield the keys of a bucket that begin so, in their order."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (entry["Key"] for entry in page.get("Contents", []))
