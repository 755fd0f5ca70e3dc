"""Firehose: records are buffered by size and time, and delivered to S3 by the stream's role.

moto writes an object for each call. Other destinations, transformations and sources are refused.
Source: https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
"""

import gzip
import re
import sys
import threading
import traceback
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from slipway_local.aws import Place
from slipway_local.permissions.enforcement import enforcement
from slipway_local.timers import Timers

# Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
MAX_RECORD_BYTES, MAX_BATCH_BYTES, MAX_BATCH_RECORDS = 1_024_000, 4 * 1024**2, 500
RETRY_SECONDS = 5.0
ERROR_TYPE = "!{firehose:error-output-type}"
EXPRESSION = re.compile(r"!\{[^}]*\}")
TIMESTAMP = re.compile(r"!\{timestamp:([^}]*)\}")
JAVA_TO_STRFTIME = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
SUPPORTED_DESTINATION = "this local cloud delivers to S3 only (ExtendedS3DestinationConfiguration)"


@dataclass
class Buffer:
    """What waits for delivery."""

    records: list[bytes] = field(default_factory=list)
    size_bytes: int = 0


class Deliveries:
    """The buffers of the streams, by ARN."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._buffers: dict[str, tuple[Any, Buffer]] = {}
        self._lock = threading.Lock()
        self._timers = Timers("firehose", threads=2)

    def put(self, stream: Any, records: list[bytes]) -> None:
        """Take records; they are delivered when enough of them wait, or long enough."""
        hints = _destination(stream)["BufferingHints"]
        for record in records:
            with self._lock:
                _, buffer = self._buffers.setdefault(stream.delivery_stream_arn, (stream, Buffer()))
                buffer.records.append(record + _delimiter(_destination(stream)))
                buffer.size_bytes += len(record)
                first, full = len(buffer.records) == 1, buffer.size_bytes >= hints["SizeInMBs"] * 1024**2
            if full:
                self._deliver(stream.delivery_stream_arn)
            elif first:
                self._timers.after(float(hints["IntervalInSeconds"]), self._deliver, stream.delivery_stream_arn)

    def close(self) -> None:
        """Deliver what waits."""
        self._timers.close()
        for arn in list(self._buffers):
            self._deliver(arn)

    def _deliver(self, arn: str) -> None:
        with self._lock:
            stream, buffer = self._buffers.pop(arn, (None, Buffer()))
        if stream is None:
            return
        try:
            self._write(stream, b"".join(buffer.records))
        except Exception:
            traceback.print_exc(file=sys.stderr)
            with self._lock:  # Firehose tries for a day
                _, newer = self._buffers.setdefault(arn, (stream, Buffer()))
                newer.records[:0] = buffer.records
                newer.size_bytes += buffer.size_bytes
            self._timers.after(RETRY_SECONDS, self._deliver, arn)

    def _write(self, stream: Any, data: bytes) -> None:
        to = _destination(stream)
        role = enforcement.sessions.open(to["RoleARN"], "firehose", self._place.region)
        if to.get("CompressionFormat") == "GZIP":
            data = gzip.compress(data)
        bucket = to["BucketARN"].rsplit(":", 1)[-1]
        self._place.client("s3", role).put_object(Bucket=bucket, Key=_key(stream, to), Body=data)


def _destination(stream: Any) -> dict[str, Any]:
    return dict(stream.destinations[0]["ExtendedS3"])


def _delimiter(destination: dict[str, Any]) -> bytes:
    processors = destination.get("ProcessingConfiguration", {}).get("Processors", [])
    return b"\n" if any(one["Type"] == "AppendDelimiterToRecord" for one in processors) else b""


def _key(stream: Any, destination: dict[str, Any]) -> str:
    """Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html and s3-object-name.html."""
    now, prefix = datetime.now(UTC), destination.get("Prefix", "")
    prefix = prefix if TIMESTAMP.search(prefix) else prefix + "!{timestamp:yyyy/MM/dd/HH}/"
    folder = TIMESTAMP.sub(lambda match: _formatted(match[1], now), prefix)
    compressed = ".gz" if destination.get("CompressionFormat") == "GZIP" else ""
    extension = destination.get("FileExtension") or compressed
    name = f"{stream.delivery_stream_name}-{stream.version_id}-{now:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}"
    return folder + name + extension


def _formatted(pattern: str, now: datetime) -> str:
    return now.strftime(re.sub("|".join(JAVA_TO_STRFTIME), lambda match: JAVA_TO_STRFTIME[match[0]], pattern))


def _unsupported(kind: str, name: str, config: dict[str, Any]) -> str:
    """Return what of a stream's settings cannot be had here, "" for nothing."""
    if kind not in ("", "DirectPut", None):
        return f"the source {kind}; this local cloud has DirectPut"
    if name != "ExtendedS3":
        return f"the destination {name}; {SUPPORTED_DESTINATION}"
    if config.get("CompressionFormat", "UNCOMPRESSED") not in ("UNCOMPRESSED", "GZIP"):
        return f"the compression {config['CompressionFormat']}; supported are UNCOMPRESSED and GZIP"
    for feature in ("DataFormatConversionConfiguration", "DynamicPartitioningConfiguration"):
        if config.get(feature, {}).get("Enabled"):
            return f"{feature}; leave it out"
    types = {one["Type"] for one in config.get("ProcessingConfiguration", {}).get("Processors", [])}
    if others := sorted(types - {"AppendDelimiterToRecord"}):
        return f"the processors {', '.join(others)}; supported is AppendDelimiterToRecord"
    unknown = re.findall(r"!\{(?!timestamp:)[^}]*\}", config.get("Prefix", ""))
    return f"{unknown[0]} in Prefix; supported is !{{timestamp:…}}" if unknown else ""


def _invalid(config: dict[str, Any]) -> str:
    """Return what Firehose itself refuses of the prefixes, "" for nothing.

    Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html, "Semantic rules".
    """
    prefix, errors = config.get("Prefix", ""), config.get("ErrorOutputPrefix", "")
    if ERROR_TYPE in prefix:
        return f"Prefix can't contain {ERROR_TYPE}"
    if EXPRESSION.search(prefix) and not errors:
        return "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"
    if EXPRESSION.search(errors) and ERROR_TYPE not in errors:
        return f"ErrorOutputPrefix with expressions must contain {ERROR_TYPE} at least once"
    return ""


def install(place: Place) -> Deliveries:
    """Put the buffers in place of moto's delivery."""
    from moto.firehose.exceptions import InvalidArgumentException, ResourceNotFoundException
    from moto.firehose.models import DeliveryStream, FirehoseBackend

    deliveries, make = Deliveries(place), DeliveryStream.__init__

    def made(self: Any, *given: Any, **named: Any) -> None:
        make(self, *given, **named)
        ((name, config),) = [(key, value) for key, value in self.destinations[0].items() if isinstance(value, dict)][:1]
        if invalid := _invalid(config):
            raise InvalidArgumentException(f"Invalid ExtendedS3DestinationConfiguration: {invalid}")
        if refused := _unsupported(self.delivery_stream_type, name, config):
            raise InvalidArgumentException(f"Not emulated: {refused}")
        config["BufferingHints"] = {"SizeInMBs": 5, "IntervalInSeconds": 300, **config.get("BufferingHints", {})}

    def put_record_batch(self: Any, delivery_stream_name: str, records: list[dict[str, bytes]]) -> dict[str, Any]:
        stream = self.delivery_streams.get(delivery_stream_name)
        if stream is None:
            raise ResourceNotFoundException(
                f"Firehose {delivery_stream_name} under account {self.account_id} not found."
            )
        data = [record["Data"] for record in records]
        if not 0 < len(data) <= MAX_BATCH_RECORDS or sum(map(len, data)) > MAX_BATCH_BYTES:
            raise InvalidArgumentException(f"A batch holds 1 to {MAX_BATCH_RECORDS} records of {MAX_BATCH_BYTES} bytes")
        if any(len(one) > MAX_RECORD_BYTES for one in data):
            raise InvalidArgumentException(f"A record holds at most {MAX_RECORD_BYTES} bytes")
        deliveries.put(stream, data)
        responses = [{"RecordId": uuid.uuid4().hex} for _ in data]
        return {"FailedPutCount": 0, "Encrypted": False, "RequestResponses": responses}

    DeliveryStream.__init__ = made
    FirehoseBackend.put_record_batch = put_record_batch
    return deliveries
