"""The curated bucket: for each document one object, `curated/<tenant>/<document_id>.json`, of one canonical line.

S3 keeps no order of writers, so each version carries the sequencer of the event that it came from, and whoever learns
that a newer event won takes back exactly the version it wrote: what the newer one wrote stands again.
Source: Amazon S3 user guide, "Deleting object versions from a versioning-enabled bucket".
"""

from collections.abc import Callable, Collection
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.operate.objects import GONE
from slipway_runtime.operate.retry import error_code
from slipway_runtime.operate.versions import SEQUENCER, SOURCE, Made, remove_versions
from slipway_runtime.prepare.curate import CuratedDocument, read_line
from slipway_runtime.prepare.recognised import folder_of

CONTENT_TYPE = "application/json"
FOLDER, ENDING = "curated/", ".json"


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
            Metadata={SEQUENCER: sequencer, SOURCE: document.source_version},
        )
        version: str = answer["VersionId"]
        return version

    def get(self, tenant: str, document_id: str, version: str = "") -> CuratedDocument | None:
        """Return the curated document, or None if there is none that the code of today can read."""
        which = {"VersionId": version} if version else {}
        try:
            response = self.client.get_object(Bucket=self.bucket, Key=object_key(tenant, document_id), **which)
        except self.client.exceptions.ClientError as error:
            if error_code(error) in GONE:
                return None
            raise
        with closing(response["Body"]) as body, suppress(msgspec.DecodeError):
            return read_line(body.read())
        return None

    def sequencer(self, tenant: str, document_id: str) -> str | None:
        """Return of which event the curated document is, or None if there is none."""
        try:
            head = self.client.head_object(Bucket=self.bucket, Key=object_key(tenant, document_id))
        except self.client.exceptions.ClientError as error:
            if error_code(error) in GONE:
                return None
            raise
        return str(head["Metadata"].get(SEQUENCER, ""))

    def take_back(self, tenant: str, document_id: str, version: str) -> None:
        """Remove one version; the one before it stands again."""
        self.client.delete_object(Bucket=self.bucket, Key=object_key(tenant, document_id), VersionId=version)

    def remove_before(self, tenant: str, document_id: str, sequencer: str) -> int:
        """Remove the versions from events older than `sequencer` and return how many."""
        return self._remove(tenant, document_id, lambda each: each.sequencer < sequencer)

    def remove_through(self, tenant: str, document_id: str, sequencer: str) -> int:
        """Remove the versions from events up to `sequencer` and return how many."""
        return self._remove(tenant, document_id, lambda each: each.sequencer <= sequencer)

    def forget(self, tenant: str, document_id: str, sequencer: str) -> int:
        """Remove as `remove_through`, and with it the texts that were recognised in the document's scans."""
        texts = folder_of(tenant, document_id)
        removed = remove_versions(self.client, self.bucket, texts, lambda each: each.sequencer <= sequencer)
        return removed + self.remove_through(tenant, document_id, sequencer)

    def remove_made_of(self, tenant: str, document_id: str, source_version: str) -> int:
        """Remove the versions that were made of one version of the object and return how many."""
        return self._remove(tenant, document_id, lambda each: self._source(tenant, document_id, each) == source_version)

    def keep_only(self, tenant: str, document_id: str, sources: Collection[str], sequencer: str) -> int:
        """Remove what came of events up to `sequencer` but of other versions of the object; return how many."""

        def is_other(each: Made) -> bool:
            return each.sequencer <= sequencer and self._source(tenant, document_id, each) not in sources

        return self._remove(tenant, document_id, is_other)

    def _source(self, tenant: str, document_id: str, made: Made) -> str:
        if made.source:
            return made.source
        document = self.get(tenant, document_id, made.version)
        return document.source_version if document else ""

    def _remove(self, tenant: str, document_id: str, is_wanted: Callable[[Made], bool]) -> int:
        name = object_key(tenant, document_id)
        return remove_versions(self.client, self.bucket, name, lambda each: each.key == name and is_wanted(each))


def object_key(tenant: str, document_id: str) -> str:
    """Return where a document's curated line is."""
    return f"{FOLDER}{tenant}/{document_id}{ENDING}"


def named(key: str) -> tuple[str, str] | None:
    """Return (tenant, document id) of the key of a curated line, None for any other key."""
    tenant, _, document_id = key.removeprefix(FOLDER).removesuffix(ENDING).rpartition("/")
    return (tenant, document_id) if tenant and object_key(tenant, document_id) == key else None
