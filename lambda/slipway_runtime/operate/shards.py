"""Shards: objects of JSON lines, many documents in each, whose lines name the documents that they are made of.

A line names them by `document_id`, or by `documents`, a list of ids, and may say of which version of each it was made,
by `source_version` or by `source_versions`, which runs in parallel. Beside each shard, under `index/` and the same
key, lies its index: the ids, sorted, one a line. Its metadata says which ETag of the shard it describes, so that an
index that is behind is known as such.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import msgspec

from slipway_runtime.operate.objects import GONE
from slipway_runtime.operate.retry import error_code

INDEX = "index/"
SUFFIXES = (".jsonl", ".manifest")  # the latter is Ground Truth's
# Athena and Spark read nothing whose name begins so, and it lies among what they read.
ERASURES = "_erasures.jsonl"
SHARD_ETAG = "shard-etag"
CONTENT_TYPE = "application/x-ndjson"
READ_BYTES = 1 << 20
# S3 takes parts of 5 MiB or more, 10,000 of them: shards of up to 80 GB, of which one part is in memory.
PART_BYTES = 8 << 20


class UnreadableShard(Exception):  # noqa: N818 - says what is wrong
    """A line is no JSON object that could name a document; the text says which line, and never quotes it."""


class _Names(msgspec.Struct):
    document_id: str = ""
    source_version: str = ""
    documents: list[str] = []
    source_versions: list[str] = []


_decoder = msgspec.json.Decoder(_Names)


@dataclass(kw_only=True)
class ObjectWriter:
    """Writes one object by its pieces, in parts where it is large; nobody sees any of it before `close`.

    `if_match`: the ETag of what may be replaced; left out, anything is.
    Source: Amazon S3 user guide, "Uploading and copying objects using multipart upload", "How to prevent object
    overwrites with conditional writes".
    """

    client: Any
    bucket: str
    key: str
    if_match: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    _buffer: bytearray = field(default_factory=bytearray)
    _parts: list[dict[str, Any]] = field(default_factory=list)
    _upload: str = ""

    def write(self, data: bytes) -> None:
        """Add to the object. Raises: the errors of S3."""
        self._buffer += data
        if len(self._buffer) >= PART_BYTES:
            self._send()

    def close(self) -> str:
        """Make the object visible and return its ETag. Raises: PreconditionFailed if somebody has written over it."""
        condition = {"IfMatch": self.if_match} if self.if_match else {}
        if not self._upload:
            answer = self.client.put_object(**self._described(), **condition, Body=bytes(self._buffer))
        else:
            if self._buffer:
                self._send()
            parts = {"Parts": self._parts}
            answer = self.client.complete_multipart_upload(**self._named(), MultipartUpload=parts, **condition)
        etag: str = answer["ETag"]
        return etag

    def abort(self) -> None:
        """Leave the object as it was."""
        if self._upload:
            self.client.abort_multipart_upload(**self._named())

    def _send(self) -> None:
        if not self._upload:
            self._upload = self.client.create_multipart_upload(**self._described())["UploadId"]
        number = len(self._parts) + 1
        sent = self.client.upload_part(**self._named(), PartNumber=number, Body=bytes(self._buffer))
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._buffer.clear()

    def _named(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.key, "UploadId": self._upload}

    def _described(self) -> dict[str, Any]:
        return {"Bucket": self.bucket, "Key": self.key, "ContentType": CONTENT_TYPE, "Metadata": self.metadata}


def put_shard(client: Any, bucket: str, key: str, lines: Iterable[bytes], ids: Iterable[str] | None = None) -> int:
    """Write a shard and its index, and return how many lines there are. A line ends in a line feed.

    `ids`: the documents that the lines name, where the caller knows them; left out, they are read from the lines.
    Raises: UnreadableShard, and the errors of S3.
    """
    writer, count = ObjectWriter(client=client, bucket=bucket, key=key), 0
    found: set[str] = set()
    try:
        for count, line in enumerate(lines, 1):
            if ids is None:
                found.update(named(line, count))
            writer.write(line)
        etag = writer.close()
    except BaseException:
        writer.abort()
        raise
    put_index(client, bucket, key, etag, found if ids is None else ids)
    return count


def put_index(client: Any, bucket: str, key: str, etag: str, ids: Iterable[str]) -> None:
    """Write the index of the shard that has this ETag."""
    writer = ObjectWriter(client=client, bucket=bucket, key=INDEX + key, metadata={SHARD_ETAG: etag.strip('"')})
    for each in sorted(set(ids)):
        writer.write(each.encode() + b"\n")
    writer.close()


def read_index(client: Any, bucket: str, key: str, etag: str) -> Iterator[str] | None:
    """Return the ids that the shard with this ETag names, or None without an index of it."""
    try:
        found = client.get_object(Bucket=bucket, Key=INDEX + key)
    except client.exceptions.ClientError as error:
        if error_code(error) in GONE:
            return None
        raise
    if found["Metadata"].get(SHARD_ETAG) != etag.strip('"'):
        found["Body"].close()
        return None
    return (line.rstrip(b"\n").decode() for line in lines_of(found["Body"]))


def lines_of(body: Any) -> Iterator[bytes]:
    """Yield the lines of an object's body with their ends, holding no more than one of them and a piece."""
    rest = b""
    while piece := body.read(READ_BYTES):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


def names_of(line: bytes, number: int) -> Iterator[tuple[str, str]]:
    """Yield the documents that a line names, each with its version, "" where the line does not say it.

    Raises: UnreadableShard, which says the line's number.
    """
    if not line.strip():
        return
    try:
        names = _decoder.decode(line)
    except msgspec.DecodeError as error:
        raise UnreadableShard(f"line {number} is no JSON object with a document_id or documents; mend it") from error
    if names.document_id:
        yield names.document_id, names.source_version
    yield from zip_longest(names.documents, names.source_versions[: len(names.documents)], fillvalue="")


def named(line: bytes, number: int) -> set[str]:
    """Return the ids of the documents that a line names. Raises: as `names_of`."""
    return {document_id for document_id, _ in names_of(line, number)}


def is_shard(key: str) -> bool:
    """Return whether an object is a shard, by its name."""
    return key.endswith(SUFFIXES) and not key.startswith(INDEX) and key.rsplit("/", 1)[-1] != ERASURES


def is_work(key: str) -> bool:
    """Return whether an object is what a run over the corpus or the build of a dataset has staged, by its name."""
    return is_shard(key) or "/lines/" in key
