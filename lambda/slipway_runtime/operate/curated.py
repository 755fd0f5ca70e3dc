"""The curated bucket: for each document one object, `curated/<tenant>/<document_id>.json`, of one canonical line.

S3 keeps no order of writers, so each version carries the sequencer of the event that it came from, and whoever learns
that a newer event won takes back exactly the version it wrote: what the newer one wrote stands again.
Source: Amazon S3 user guide, "Deleting object versions from a versioning-enabled bucket".
"""

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.operate.objects import GONE
from slipway_runtime.operate.retry import error_code
from slipway_runtime.prepare.curate import CuratedDocument, read_line

SEQUENCER = "sequencer"
CONTENT_TYPE = "application/json"


@dataclass(frozen=True, kw_only=True)
class Curated:
    """Access to the curated bucket, which has versions."""

    client: Any
    bucket: str

    def put(self, document: CuratedDocument, sequencer: str) -> str:
        """Write a document's line and return the version that this made. Raises: the errors of S3."""
        answer = self.client.put_object(
            Bucket=self.bucket,
            Key=object_key(document.tenant, document.document_id),
            Body=document.line(),
            ContentType=CONTENT_TYPE,
            Metadata={SEQUENCER: sequencer},
        )
        version: str = answer["VersionId"]
        return version

    def get(self, tenant: str, document_id: str) -> CuratedDocument | None:
        """Return the curated document, or None if there is none that the code of today can read."""
        try:
            response = self.client.get_object(Bucket=self.bucket, Key=object_key(tenant, document_id))
        except self.client.exceptions.ClientError as error:
            if error_code(error) in GONE:
                return None
            raise
        with closing(response["Body"]) as body, suppress(msgspec.DecodeError):
            return read_line(body.read())
        return None

    def take_back(self, tenant: str, document_id: str, version: str) -> None:
        """Remove one version; the one before it stands again."""
        self.client.delete_object(Bucket=self.bucket, Key=object_key(tenant, document_id), VersionId=version)

    def remove_before(self, tenant: str, document_id: str, sequencer: str) -> int:
        """Remove the versions from events older than `sequencer` and return how many."""
        return self._remove(tenant, document_id, lambda each: each < sequencer)

    def remove_through(self, tenant: str, document_id: str, sequencer: str) -> int:
        """Remove the versions from events up to `sequencer` and return how many."""
        return self._remove(tenant, document_id, lambda each: each <= sequencer)

    def _remove(self, tenant: str, document_id: str, is_wanted: Callable[[str], bool]) -> int:
        key, removed = object_key(tenant, document_id), 0
        for page in self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=key):
            for entry in page.get("Versions", []):
                if self._is_from(key, entry["VersionId"], is_wanted):
                    self.take_back(tenant, document_id, entry["VersionId"])
                    removed += 1
        return removed

    def _is_from(self, key: str, version: str, is_wanted: Callable[[str], bool]) -> bool:
        try:
            head = self.client.head_object(Bucket=self.bucket, Key=key, VersionId=version)
        except self.client.exceptions.ClientError as error:
            if error_code(error) in GONE:  # another worker was quicker
                return False
            raise
        return is_wanted(head["Metadata"].get(SEQUENCER, ""))


def object_key(tenant: str, document_id: str) -> str:
    """Return where a document's curated line is."""
    return f"curated/{tenant}/{document_id}.json"
