"""Restoring a backup into an environment that was deployed anew: tables, artifacts, then documents, oldest first."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from slipway_cli.backups import archive
from slipway_cli.backups.archive import Manifest
from slipway_cli.backups.items import write_items
from slipway_cli.backups.kept import Stores
from slipway_cli.backups.place import Place
from slipway_cli.errors import CommandError
from slipway_cli.ingest import SETTLED
from slipway_cli.target import Target
from slipway_runtime.operate.lineage import CURRENT
from slipway_runtime.prepare.keys import document_id, is_no_document

AT_ONCE = 8
READS_AT_ONCE = 100
POLL_SECONDS = 1.0
T = TypeVar("T")
Step = Callable[[str, int], Callable[[int], None]]


@dataclass(frozen=True, kw_only=True)
class Restore:
    """One restore: from where, and into which deployed environment."""

    target: Target
    there: Stores
    place: Place
    manifest: Manifest

    def require_empty(self) -> None:
        """Raise CommandError if the environment holds something that a restore would write over."""
        s3, dynamodb = self.target.client("s3"), self.target.client("dynamodb")
        full = [n for n, name in self.there.buckets.items() if s3.list_objects_v2(Bucket=name, MaxKeys=1)["KeyCount"]]
        full += [n for n, name in self.there.tables.items() if dynamodb.scan(TableName=name, Limit=1)["Count"]]
        if full:
            raise CommandError(
                f"{self.target.environment!r} is not empty: {', '.join(sorted(full))} hold something. Restore into an "
                "environment that was deployed anew, or write over the same objects and items with --over."
            )

    def require_room(self) -> None:
        """Raise CommandError if the environment lacks a bucket or table of which the backup has something."""
        held = {**self.manifest.buckets, **self.manifest.tables}
        lacking = sorted(name for name in held.keys() - {*self.there.buckets, *self.there.tables} if held[name].count)
        if lacking:
            raise CommandError(
                f"the backup holds {', '.join(lacking)}, which {self.target.environment!r} has not: switch on in "
                f"config/{self.target.environment}.yaml what was on then, and deploy it"
            )

    def tables(self, step: Step) -> None:
        """Put every item back. Legal holds are there before the documents, which are then held as they come."""
        for name in sorted(self.manifest.tables.keys() & self.there.tables.keys()):
            part = self.manifest.tables[name]
            advance = step(f"Table {name}", part.count)
            lines = archive.read_lines(self.place, f"{self.manifest.name}/{name}", part)
            write_items(self.target.client("dynamodb"), self.there.tables[name], _counted(lines, advance))

    def objects(self, name: str, step: Step) -> dict[str, str]:
        """Put every object of a bucket back, and return the new version of each key that means a document there."""
        part = self.manifest.buckets[name]
        advance = step(f"Bucket {name}", part.count)
        lines = archive.read_lines(self.place, f"{self.manifest.name}/{name}", part)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            put = pool.map(lambda line: (line, self._put(self.there.buckets[name], line)), lines)
            return {
                line["key"]: version
                for line, version in _counted(put, advance)
                if not is_no_document(line["key"], line["size"])
            }

    def _put(self, bucket: str, line: dict[str, Any]) -> str:
        s3 = self.target.client("s3")
        with tempfile.NamedTemporaryFile() as file:
            archive.fetch(self.place, archive.object_name(line["sha256"]), Path(file.name), line["sha256"])
            s3.upload_file(file.name, bucket, line["key"], ExtraArgs=line["said"])
        version: str = s3.head_object(Bucket=bucket, Key=line["key"])["VersionId"]
        return version

    def wait(self, documents: dict[str, str], step: Step, patience_seconds: float) -> dict[str, int]:
        """Wait until ingestion has settled every document, and return how many came to which status.

        Raises: CommandError if none is settled for `patience_seconds`.
        """
        waiting = {document_id(key): version for key, version in documents.items()}
        advance, found = step("Indexing", len(waiting)), dict.fromkeys(SETTLED, 0)
        deadline = time.monotonic() + patience_seconds
        while waiting:
            news = {id_: status for id_, status, version in self._current(waiting) if version == waiting[id_]}
            for id_, status in news.items():
                del waiting[id_]
                found[status] += 1
            advance(len(news))
            if news:
                deadline = time.monotonic() + patience_seconds
            elif time.monotonic() > deadline:
                raise CommandError(
                    f"{len(waiting)} of {len(documents)} documents are back and not indexed, and nothing moved for "
                    f"{patience_seconds:.0f} s. The log of the ingestion function says why. They are kept: mend the "
                    "cause, then `slipway redrive`."
                )
            else:
                time.sleep(POLL_SECONDS)
        return found

    def _current(self, ids: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """Yield id, status and version of those documents that are settled in whatever version."""
        table, dynamodb = self.target.parameter("foundation/documents-table-name"), self.target.client("dynamodb")
        each = iter(list(ids))
        while some := list(islice(each, READS_AT_ONCE)):
            keys = [{"document_id": {"S": id_}, "item": {"S": CURRENT}} for id_ in some]
            answer = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
            for item in answer["Responses"][table]:
                if item["status"]["S"] in SETTLED:
                    yield item["document_id"]["S"], item["status"]["S"], item.get("version_id", {}).get("S", "")


def _counted(lines: Iterable[T], advance: Callable[[int], None]) -> Iterator[T]:
    for line in lines:
        yield line
        advance(1)
