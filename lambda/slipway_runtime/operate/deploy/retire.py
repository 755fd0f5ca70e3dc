"""Retires versions that nobody uses: rejected, archived, card and lineage kept, files in a cheaper class of storage.

A version has no traffic once another took its place, once it was taken back, or if it never was deployed. What an
endpoint serves, or would go back to, is left alone; an endpoint that nobody asks is named.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html (Glacier Instant Retrieval:
read as before, so that an archived version can be approved and deployed again)
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from s3transfer.manager import TransferManager

from slipway_runtime.operate import audit
from slipway_runtime.operate.deploy.deployments import Deployments
from slipway_runtime.operate.deploy.figures import figures
from slipway_runtime.operate.deploy.plan import Plan
from slipway_runtime.operate.deploy.version import ARCHIVED

DAY_SECONDS = 86_400
CLASS = "GLACIER_IR"
WAITING = "PendingManualApproval"


@dataclass(frozen=True, kw_only=True)
class Retirement:
    """`plans`: of the endpoints, by their names in the settings.   `bucket`: of artifacts, the only one touched."""

    sagemaker: Any
    s3: Any
    cloudwatch: Any
    deployments: Deployments
    plans: Mapping[str, Plan]
    bucket: str
    audit_table: str

    def retire(self, days: int, named: Sequence[str], *, by: str, dry_run: bool) -> dict[str, Any]:
        """Return what is retired, what was named and is kept, and which endpoints nobody asked for `days`.

        `named`: GROUP/NUMBER of versions that go whatever their age; empty: those unused for `days`.
        """
        now, served = time.time(), self._served()
        every = list(self._versions())
        chosen = self._unused(every, served, days, now)
        if named:
            chosen = [one for one in every if self._label(one) in named]
        kept = [
            {"version": self._label(one), "reason": f"{served[arn]} serves it, or would go back to it"}
            for one in chosen
            if (arn := one["ModelPackageArn"]) in served
        ]
        gone = [one for one in chosen if one["ModelPackageArn"] not in served]
        for one in [] if dry_run else gone:
            self._archive(one, every, by)
        missing = sorted(set(named) - {self._label(one) for one in chosen})
        return {
            "retired": [self._label(one) for one in gone],
            "kept": kept + [{"version": label, "reason": "there is no such version"} for label in missing],
            "idle": self._idle(days, now),
            "dry_run": dry_run,
        }

    def _unused(self, every: list[Any], served: Mapping[str, str], days: int, now: float) -> list[dict[str, Any]]:
        found = []
        for one in every:
            arn, status = one["ModelPackageArn"], one["ModelApprovalStatus"]
            if status == WAITING or arn in served or ARCHIVED in one.get("CustomerMetadataProperties", {}):
                continue
            times = [self.deployments.fared(name, arn).get("at", 0) for name in self._following(one)]
            since = max([*times, one["CreationTime"].timestamp()])
            if now - since >= days * DAY_SECONDS:
                found.append(one)
        return found

    def _archive(self, one: dict[str, Any], every: list[Any], by: str) -> None:
        arn, label, source = one["ModelPackageArn"], self._label(one), one.get("SourceUri", "")
        at = datetime.now(UTC).isoformat(timespec="seconds")
        shared = [each for each in every if each.get("SourceUri") == source and each is not one]
        shared = [each for each in shared if ARCHIVED not in each.get("CustomerMetadataProperties", {})]
        place = f"s3://{self.bucket}/"
        moved = 0
        if source.startswith(place) and not shared:
            moved = self._cool(source.removeprefix(place))
        self.sagemaker.update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus="Rejected",
            ApprovalDescription=f"retired by {by}"[:256],
            CustomerMetadataProperties={ARCHIVED: at},
        )
        one.setdefault("CustomerMetadataProperties", {})[ARCHIVED] = at
        before = one["ModelApprovalStatus"]
        audit.record(self.audit_table, f"model/{label}", "retire", by, before, "Archived", {"objects": moved})

    def _cool(self, prefix: str) -> int:
        """Move objects onto themselves in another class of storage; return how many."""
        with TransferManager(self.s3) as transfers:  # in parts where a file is beyond the 5 GB of CopyObject
            copies = [
                transfers.copy({"Bucket": self.bucket, "Key": key}, self.bucket, key, {"StorageClass": CLASS})
                for key in self._keys(prefix)
            ]
            for each in copies:
                each.result()
        return len(copies)

    def _keys(self, prefix: str) -> Iterator[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        for each in (one for page in pages for one in page.get("Contents", ())):
            if each.get("StorageClass", "STANDARD") != CLASS:
                yield each["Key"]

    def _idle(self, days: int, now: float) -> list[str]:
        found = []
        for name, plan in self.plans.items():
            current = self.deployments.standing(name).current
            since = self.deployments.fared(name, current.package).get("at", now) if current else now
            if now - since < days * DAY_SECONDS or not days:
                continue
            period = now - days * DAY_SECONDS
            asked = figures(self.cloudwatch, plan.dimensions, period, until=now, period=DAY_SECONDS)
            if not asked["requests"]:
                found.append(name)
        return found

    def _served(self) -> dict[str, str]:
        standings = {name: self.deployments.standing(name) for name in self.plans}
        both = ((name, one) for name, found in standings.items() for one in (found.current, found.previous) if one)
        return {one.package: name for name, one in both}

    def _following(self, one: dict[str, Any]) -> list[str]:
        return [name for name, plan in self.plans.items() if plan.group == one["ModelPackageGroupName"]]

    def _versions(self) -> Iterator[dict[str, Any]]:
        for group in sorted({plan.group for plan in self.plans.values()}):
            pages = self.sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
            try:
                summaries = [one for page in pages for one in page["ModelPackageSummaryList"]]
            except self.sagemaker.exceptions.ClientError as error:
                if "does not exist" not in str(error):
                    raise
                continue  # nobody has registered a version yet
            for one in summaries:
                yield self.sagemaker.describe_model_package(ModelPackageName=one["ModelPackageArn"])

    @staticmethod
    def _label(one: dict[str, Any]) -> str:
        return f"{one['ModelPackageGroupName']}/{one['ModelPackageVersion']}"
