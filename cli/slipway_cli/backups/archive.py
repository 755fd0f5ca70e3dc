"""How a backup is laid out in its place.

| name | holds |
|---|---|
| `objects/<first two digits>/<sha256>` | the bytes of an object, shared by all backups |
| `backups/<time>/<bucket>.jsonl.gz` | a line for each object: key, version, time, sha256, what was said of it |
| `backups/<time>/<table>.jsonl.gz` | a line for each item, as DynamoDB's own exports write it |
| `backups/<time>/manifest.json` | counts and checksums of the others; written last: without it there is no backup |
"""

import gzip
import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from slipway_cli.backups.place import Place
from slipway_cli.errors import CommandError, UsageError

BACKUPS, OBJECTS, MANIFEST = "backups", "objects", "manifest.json"
PIECE_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Part:
    """One bucket or table of a backup: how many objects or items, and the checksum of its file of lines."""

    count: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One backup. `name` is the UTC time at which it was begun."""

    name: str
    environment: str
    buckets: dict[str, Part] = field(default_factory=dict)
    tables: dict[str, Part] = field(default_factory=dict)


def object_name(sha256: str) -> str:
    """Return the name of an object's bytes."""
    return f"{OBJECTS}/{sha256[:2]}/{sha256}"


def backups(place: Place) -> list[str]:
    """Return the names of the whole backups of a place, the oldest first."""
    return sorted(name.split("/")[1] for name in place.names(BACKUPS) if name.endswith(f"/{MANIFEST}"))


def read_manifest(place: Place, name: str | None) -> Manifest:
    """Return a backup by its name, or the newest. Raises: UsageError if there is none."""
    found = backups(place)
    if not found or (name or found[-1]) not in found:
        raise UsageError(f"there is no backup {name or ''} there; there are: {', '.join(found) or 'none'}")
    with place.read(f"{BACKUPS}/{name or found[-1]}/{MANIFEST}") as file:
        data = json.load(file)
    parts = {kind: {name: Part(**part) for name, part in data[kind].items()} for kind in ("buckets", "tables")}
    return Manifest(name=data["name"], environment=data["environment"], **parts)


def write_manifest(place: Place, manifest: Manifest) -> None:
    """Make the backup one that counts."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".json") as file:
        json.dump(asdict(manifest), file, indent=1)
        file.flush()
        place.put(f"{BACKUPS}/{manifest.name}/{MANIFEST}", Path(file.name))


def write_lines(place: Place, name: str, lines: Iterable[dict[str, Any]]) -> Part:
    """Write lines of JSON, compressed, and return how many they were."""
    count = 0
    with tempfile.NamedTemporaryFile(suffix=".gz") as file:
        with gzip.open(file.name, "wt", encoding="utf-8") as text:
            for line in lines:
                text.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
                count += 1
        place.put(f"{BACKUPS}/{name}.jsonl.gz", Path(file.name))
        return Part(count=count, sha256=sha256_of(Path(file.name)))


def read_lines(place: Place, name: str, part: Part) -> Iterator[dict[str, Any]]:
    """Yield the lines of a part. Raises: CommandError if they are not what was written."""
    with tempfile.NamedTemporaryFile(suffix=".gz") as file:
        fetch(place, f"{BACKUPS}/{name}.jsonl.gz", Path(file.name), part.sha256)
        with gzip.open(file.name, "rt", encoding="utf-8") as text:
            yield from map(json.loads, text)


def fetch(place: Place, name: str, file: Path, sha256: str) -> None:
    """Copy a file of the place to this machine. Raises: CommandError if its checksum is another."""
    with place.read(name) as source, file.open("wb") as copy:
        while piece := source.read(PIECE_BYTES):
            copy.write(piece)
    if sha256_of(file) != sha256:
        raise CommandError(f"{name} is damaged: its checksum is not {sha256}. Take another backup (--name).")


def sha256_of(file: Path) -> str:
    """Return the checksum of a file, in hexadecimal."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
