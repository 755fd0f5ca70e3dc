"""What is known of a document's scans: the text once it is recognised, the job while it is not, or why none comes.

All lie in the curated bucket in the folder of their document and carry the sequencer of their event, so that they go
with the document.
"""

import contextlib
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.operate.change import Arrival
from slipway_runtime.operate.objects import GONE
from slipway_runtime.operate.retry import error_code
from slipway_runtime.operate.versions import SEQUENCER, remove_versions
from slipway_runtime.prepare.recognised import Recognised, Refusal, decode, folder_of, refusal_key, text_key
from slipway_runtime.prepare.rejected import Rejected


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """An asynchronous recognition. Units: `started_at` seconds since 1970."""

    job_id: str
    started_at: float


@dataclass(frozen=True, kw_only=True)
class Recognitions:
    """The folder `ocr/` of the curated bucket. Each method may raise the errors of S3."""

    client: Any
    bucket: str

    def text(self, arrival: Arrival, sha256: str) -> Recognised | None:
        """Return the text of these bytes of a document, None if there is none that the code of today can read."""
        found = self._read(_text(arrival, sha256))
        with contextlib.suppress(msgspec.DecodeError):
            return decode(found) if found else None
        return None

    def keep(self, arrival: Arrival, text: Recognised) -> None:
        """Keep the text, and forget the job that brought it."""
        self._write(arrival, _text(arrival, text.sha256), text.encode())
        self.forget_job(arrival, text.sha256)
        remove_versions(self.client, self.bucket, _refusal(arrival, text.sha256), lambda _each: True)

    def refuse(self, arrival: Arrival, sha256: str, rejected: Rejected) -> None:
        """Note that no text comes of these bytes, for those that only read what is kept here."""
        refusal = Refusal(code=rejected.code, reason=rejected.reason)
        self._write(arrival, _refusal(arrival, sha256), refusal.encode())

    def job(self, arrival: Arrival, sha256: str) -> Job | None:
        """Return the job that is reading these bytes, None if none was begun."""
        found = self._read(_job(arrival, sha256))
        return msgspec.json.decode(found, type=Job) if found else None

    def begin(self, arrival: Arrival, sha256: str, job: Job) -> None:
        """Note a job."""
        self._write(arrival, _job(arrival, sha256), msgspec.json.encode(job))

    def forget_job(self, arrival: Arrival, sha256: str) -> None:
        """Remove the note of a job."""
        remove_versions(self.client, self.bucket, _job(arrival, sha256), lambda _each: True)

    def forget_others(self, arrival: Arrival, sha256: str) -> None:
        """Remove what older versions of the document left, with other bytes than these."""
        folder = folder_of(arrival.key.tenant, arrival.key.document_id)
        before = arrival.change.sequencer
        remove_versions(
            self.client, self.bucket, folder, lambda each: sha256 not in each.key and each.sequencer < before
        )

    def _read(self, key: str) -> bytes | None:
        try:
            response = self.client.get_object(Bucket=self.bucket, Key=key)
        except self.client.exceptions.ClientError as error:
            if error_code(error) in GONE:
                return None
            raise
        with response["Body"] as body:
            data: bytes = body.read()
            return data

    def _write(self, arrival: Arrival, key: str, data: bytes) -> None:
        named = {SEQUENCER: arrival.change.sequencer}
        self.client.put_object(Bucket=self.bucket, Key=key, Body=data, ContentType="application/json", Metadata=named)


def _text(arrival: Arrival, sha256: str) -> str:
    return text_key(arrival.key.tenant, arrival.key.document_id, sha256)


def _job(arrival: Arrival, sha256: str) -> str:
    return f"{folder_of(arrival.key.tenant, arrival.key.document_id)}{sha256}.job"


def _refusal(arrival: Arrival, sha256: str) -> str:
    return refusal_key(arrival.key.tenant, arrival.key.document_id, sha256)
