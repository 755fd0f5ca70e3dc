"""Reads a version of an object and makes its curated text, within the time that is left."""

from dataclasses import dataclass, field, replace

from slipway_runtime.operate.change import Arrival
from slipway_runtime.operate.objects import Objects, ObjectVersion, too_large
from slipway_runtime.operate.ocr import Ocr
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.curate import CuratedDocument, RawObject, curate_any, rules_version
from slipway_runtime.prepare.isolate import Limits
from slipway_runtime.prepare.recognised import Recognised
from slipway_runtime.prepare.rejected import Rejected, Scan
from slipway_runtime.prepare.rules.build import RuleSets


@dataclass(frozen=True, kw_only=True)
class Reader:
    """From objects to curated documents, by the rules of their sources; without `ocr` scans are rejected."""

    objects: Objects
    max_document_bytes: int
    limits: Limits = field(default_factory=Limits)
    sources: RuleSets = field(default_factory=RuleSets)
    ocr: Ocr | None = None

    def rules(self, key: str) -> str:
        """Return what decides the text of the bytes under an object key."""
        return rules_version(self.sources.of(key))

    def read(self, version: ObjectVersion) -> bytes | None:
        """Return the bytes, or None if the version is gone. Raises: Rejected("too_large")."""
        if version.size_bytes > self.max_document_bytes:
            raise too_large(version.size_bytes, self.max_document_bytes)
        return self.objects.read(version, self.max_document_bytes)

    def curate(self, arrival: Arrival, data: bytes, deadline: Deadline) -> CuratedDocument:
        """Return the curated document.

        Raises: Rejected; NotYet for a scan whose text is being recognised; TimeoutError where this invocation ran out
        of time, which is no verdict on the document but a reason to try again.
        """
        version, ocr = arrival.change.object, self.ocr

        def recognised(scan: Scan) -> Recognised:
            assert ocr is not None  # noqa: S101 - or this is not asked
            return ocr.text(arrival, scan, data, deadline)

        seconds = min(self.limits.wall_seconds, deadline.remaining_seconds)
        try:
            raw = RawObject(key=version.key, version_id=version.version_id, data=data)
            rules_seconds = min(self.limits.rules_cpu_seconds, seconds)
            limits = replace(self.limits, wall_seconds=max(0.0, seconds), rules_cpu_seconds=rules_seconds)
            return curate_any(raw, self.sources.of(version.key), limits, recognised if ocr else None)
        except Rejected as rejected:
            if rejected.code == "too_slow" and seconds < self.limits.wall_seconds:
                raise TimeoutError("no time left in this invocation to read the document") from rejected
            raise
