"""A part of a run between its two halves: curated lines, and an index that says what each of its objects became.

A part is staged when its objects are curated, and published when all parts have been compared. Its name depends on its
keys alone. Each attempt at it writes lines of its own; the first that puts its index where none is has staged the part.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from slipway_runtime.corpus.outcome import Kept, Passed, Reject
from slipway_runtime.corpus.storage import Storage
from slipway_runtime.prepare.duplicates.minhash import signatures, to_bytes
from slipway_runtime.prepare.duplicates.normal import digest_folded, fold

# Texts are kept until so many characters can be hashed at once.
BATCH_CHARACTERS = 1 << 18


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A curated document of a part: its rule version, where its line is, what it is compared by, what rules did.

    Units: `modified` seconds since 1970; `begin`, `end` bytes into the part's lines; `signature` see minhash.to_bytes.
    """

    key: str
    document_id: str
    tenant: str
    source: str
    rules: str
    modified: float
    begin: int
    end: int
    changes: dict[str, int]
    digest: str
    signature: bytes


class Index(msgspec.Struct, frozen=True, array_like=True):
    """What became of the objects of a part; `records`: the rejects of single records of what is kept.

    `lines`: where the lines are.   `passed`: the keys of objects that are no documents, or went before they were read.
    """

    kept: list[Entry]
    rejects: list[Reject]
    records: list[Reject]
    passed: list[str]
    lines: str

    @property
    def objects(self) -> int:
        """Return how many objects the part is made of."""
        return len(self.kept) + len(self.rejects) + len(self.passed)

    def keys(self) -> Iterator[str]:
        """Yield the keys of its objects."""
        yield from (one.key for those in (self.kept, self.rejects) for one in those)
        yield from self.passed


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """The staged parts of a run, under `corpus-staged/<run>/`."""

    storage: Storage
    run_id: str

    @property
    def folder(self) -> str:
        """Return the prefix of all that is staged."""
        return f"corpus-staged/{self.run_id}/"

    def parts(self) -> list[str]:
        """Return the parts' names."""
        prefix = f"{self.folder}index/"
        return [key.removeprefix(prefix) for key in self.storage.keys(prefix)]

    def write(self, part: str, found: Iterable[Kept | Reject | Passed]) -> Index:
        """Write lines and index of a part, unless it is there by then, and return the index that is."""
        lines, index = bytearray(), Index([], [], [], [], f"{part}-{uuid.uuid4().hex}")
        index.kept.extend(_entries(_sorted_out(found, index), lines))
        self.storage.write(f"{self.folder}lines/{index.lines}", bytes(lines))
        if self.storage.create(f"{self.folder}index/{part}", msgspec.msgpack.encode(index)):
            return index
        return self.index(part)

    def index(self, part: str) -> Index:
        """Return the index of a part. Raises: FileNotFoundError."""
        return msgspec.msgpack.decode(self._read(f"index/{part}"), type=Index)

    def lines(self, index: Index) -> bytes:
        """Return the lines of a part. Raises: FileNotFoundError."""
        return self._read(f"lines/{index.lines}")

    def line(self, lines: str, entry: Entry) -> bytes:
        """Return one of the lines that an index names."""
        return self.storage.read_part(f"{self.folder}lines/{lines}", entry.begin, entry.end)

    def _read(self, name: str) -> bytes:
        found = self.storage.read(self.folder + name, max_bytes=1 << 40)
        if found is None:
            raise FileNotFoundError(f"{self.folder}{name} is gone; start the run again")
        return found.data


def part_of(keys: Sequence[str]) -> str:
    """Return the name of the part that holds these keys."""
    return hashlib.sha256("\n".join(keys).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _sorted_out(found: Iterable[Kept | Reject | Passed], index: Index) -> Iterator[Kept]:
    for one in found:
        match one:
            case Reject():
                index.rejects.append(one)
            case Passed():
                index.passed.append(one.key)
            case Kept():
                index.records.extend(one.records)
                yield one


def _entries(found: Iterable[Kept], lines: bytearray) -> Iterator[Entry]:
    """Append the lines and yield the entries, some documents at a time: signatures cost less together."""
    waiting: list[tuple[Kept, int, int]] = []
    folded: list[str] = []
    characters = 0
    for one in found:
        begin = len(lines)
        lines += one.document.line()
        waiting.append((one, begin, len(lines)))
        folded.append(fold(one.document.text))
        characters += len(folded[-1])
        if characters >= BATCH_CHARACTERS:
            yield from _hashed(waiting, folded)
            waiting, folded, characters = [], [], 0
    yield from _hashed(waiting, folded)


def _hashed(waiting: list[tuple[Kept, int, int]], folded: list[str]) -> Iterator[Entry]:
    for (one, begin, end), text, row in zip(waiting, folded, signatures(folded), strict=True):
        document = one.document
        yield Entry(
            one.key, document.document_id, document.tenant, one.source, document.rules, one.modified, begin, end,
            document.counts, digest_folded(text), to_bytes(row),
        )  # fmt: skip
