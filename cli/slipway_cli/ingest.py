"""Upload files to the raw bucket and wait until the platform has indexed or rejected each of them."""

import hashlib
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from slipway_cli.collect import LocalFile
from slipway_cli.errors import CommandError
from slipway_cli.gateway import Gateway
from slipway_cli.target import Target

TENANT = "default"
UPLOADS_AT_ONCE = 8
POLL_SECONDS = 0.5
STALLED_SECONDS = 5
KEY_BYTES = 1024
SETTLED = ("indexed", "duplicate", "rejected")


@dataclass
class IngestReport:
    """What became of the files: the fields that scripts rely on.

    `documents` and `chunks` count what is now searchable among the files given, `duplicates` those of them that were
    so already, unchanged, and those left out because they repeat another document, `rejected` those that could not be
    read, each with its reason.
    """

    documents: int = 0
    chunks: int = 0
    duplicates: int = 0
    rejected: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def worked(self) -> bool:
        """Whether anything that was given is searchable now, be it in a document that says the same."""
        return self.documents > 0 or self.duplicates > 0


@dataclass(frozen=True)
class _Upload:
    path: str
    version_id: str | None
    etag: str


def _md5(item: LocalFile) -> str:
    """What S3 gives as the ETag of an object uploaded in one part without a customer-managed key."""
    return hashlib.md5(item.file.read_bytes(), usedforsecurity=False).hexdigest()


def _is_searchable(item: LocalFile, known: dict[str, dict[str, Any]]) -> bool:
    """Whether the environment has this very file. One that was rejected may be readable by now: it is tried again."""
    document = known.get(item.path)
    return document is not None and document["status"] in ("indexed", "duplicate") and document["etag"] == _md5(item)


def _unusable(item: LocalFile) -> str | None:
    """Why the platform could not take this path as an object's key, or None."""
    try:
        size = len(f"{TENANT}/{item.path}".encode())
    except UnicodeEncodeError:
        return "the name is not valid UTF-8; rename the file"
    if not item.path.isprintable():
        return "the name holds control characters or line breaks; rename the file"
    return f"the path has {size} bytes, S3 takes {KEY_BYTES}; shorten it" if size > KEY_BYTES else None


def _superseded(target: Target, uploads: Iterable[_Upload]) -> dict[str, _Upload]:
    """The uploads over which somebody has written meanwhile, with the version that counts now."""
    bucket, s3 = target.parameter("foundation/raw-bucket-name"), target.client("s3")
    found = {}
    for upload in uploads:
        head = s3.head_object(Bucket=bucket, Key=f"{TENANT}/{upload.path}")
        if head.get("VersionId") != upload.version_id:
            found[upload.path] = _Upload(upload.path, head.get("VersionId"), head["ETag"].strip('"'))
    return found


def _is_settled(document: dict[str, Any], upload: _Upload) -> bool:
    same = document["version_id"] == upload.version_id if upload.version_id else document["etag"] == upload.etag
    return same and document["status"] in SETTLED


def _upload_all(target: Target, files: Iterable[LocalFile], done: Callable[[], None]) -> dict[str, _Upload]:
    bucket = target.parameter("foundation/raw-bucket-name")
    s3 = target.client("s3")

    def put(item: LocalFile) -> _Upload:
        answer = s3.put_object(Bucket=bucket, Key=f"{TENANT}/{item.path}", Body=item.file.read_bytes())
        done()
        return _Upload(item.path, answer.get("VersionId"), answer["ETag"].strip('"'))

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        return {upload.path: upload for upload in pool.map(put, files)}


def _common_prefix(paths: Iterable[str]) -> str:
    folders = {path.split("/")[0] for path in paths}
    return f"{folders.pop()}/" if len(folders) == 1 else ""


def _documents(gateway: Gateway, wanted: Iterable[str]) -> dict[str, dict[str, Any]]:
    wanted = set(wanted)
    found = gateway.documents(prefix=_common_prefix(wanted))
    return {document["path"]: document for document in found if document["path"] in wanted}


def _wait(
    target: Target,
    gateway: Gateway,
    uploads: dict[str, _Upload],
    patience_seconds: float,
    settled: Callable[[int], None],
) -> dict[str, dict[str, Any]]:
    """Poll until every upload is settled; patience is renewed by each one that is."""
    finished: dict[str, dict[str, Any]] = {}
    deadline = time.monotonic() + patience_seconds
    look_again = time.monotonic() + STALLED_SECONDS
    while len(finished) < len(uploads):
        waiting = [path for path in uploads if path not in finished]
        news = {p: d for p, d in _documents(gateway, waiting).items() if _is_settled(d, uploads[p])}
        if news:
            finished |= news
            settled(len(news))
            deadline = time.monotonic() + patience_seconds
        elif time.monotonic() > deadline:
            raise CommandError(_stuck_message(target, waiting, patience_seconds))
        elif time.monotonic() > look_again:
            uploads = uploads | _superseded(target, [uploads[path] for path in waiting])
            look_again = time.monotonic() + STALLED_SECONDS
        else:
            time.sleep(POLL_SECONDS)
    return finished


def _stuck_message(target: Target, waiting: list[str], patience_seconds: float) -> str:
    sqs = target.client("sqs")

    def count(queue: str, attribute: str) -> int:
        url = target.parameter(f"ingestion/{queue}-url")
        return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[attribute])["Attributes"][attribute])

    names = ", ".join(waiting[:5]) + (f" and {len(waiting) - 5} more" if len(waiting) > 5 else "")
    return (
        f"{len(waiting)} document(s) were uploaded, but nothing was indexed for {patience_seconds:.0f} s: {names}. "
        f"Waiting in the queue: {count('queue', 'ApproximateNumberOfMessages')}; being worked on, or to be retried "
        f"later: {count('queue', 'ApproximateNumberOfMessagesNotVisible')}; given up, in the dead-letter queue: "
        f"{count('dead-letter-queue', 'ApproximateNumberOfMessages')}. The ingestion function's log says why (`slipway "
        "local logs Ingest`, or CloudWatch). The objects are kept: mend the cause, then run this command again, or "
        "`slipway redrive` for what was given up."
    )


def ingest(
    target: Target,
    files: list[LocalFile],
    *,
    again: bool = False,
    patience_seconds: float,
    step: Callable[[str, int], Callable[[int], None]],
) -> IngestReport:
    """Bring `files` into the environment; returns when every one of them is searchable, left out or rejected.

    A file that is already searchable unchanged is not uploaded again, unless `again` says so for all.
    `step(description, total)` starts a progress line and returns what advances it.
    Raises: CommandError if nothing moves for `patience_seconds`.
    """
    started = time.monotonic()
    gateway = Gateway(target.gateway_url, target.api_key)
    unusable = {item.path: reason for item in files if (reason := _unusable(item))}
    files = [item for item in files if item.path not in unusable]
    known = _documents(gateway, [item.path for item in files])
    unchanged = {} if again else {item.path: known[item.path] for item in files if _is_searchable(item, known)}
    new = [item for item in files if item.path not in unchanged]
    advance_upload = step("Uploading", len(new))
    uploads = _upload_all(target, new, lambda: advance_upload(1))
    settled = _wait(target, gateway, uploads, patience_seconds, step("Indexing", len(uploads)))
    refused = {_shown(path): {"status": "rejected", "reason": reason} for path, reason in unusable.items()}
    repeating = sum(document["status"] == "duplicate" for document in settled.values())
    duplicates = len(unchanged) + repeating
    return _report({**unchanged, **settled, **refused}, duplicates=duplicates, seconds=time.monotonic() - started)


def _shown(path: str) -> str:
    """A path that any terminal and JSON can show."""
    return path.encode("utf-8", "backslashreplace").decode()


def _report(documents: dict[str, dict[str, Any]], *, duplicates: int, seconds: float) -> IngestReport:
    indexed = [document for document in documents.values() if document["status"] == "indexed"]
    rejected = sorted(
        ({"object": path, "reason": d["reason"]} for path, d in documents.items() if d["status"] == "rejected"),
        key=lambda item: item["object"],
    )
    return IngestReport(
        documents=len(indexed),
        chunks=sum(document["chunks"] for document in indexed),
        duplicates=duplicates,
        rejected=rejected,
        seconds=round(seconds, 2),
    )
