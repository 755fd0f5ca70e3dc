"""The examples of all shards in one file on disk: read by place, in the order of their ids, without repetitions."""

import mmap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import overload

import numpy as np
from numpy.typing import NDArray

from slipway_runtime.datasets.example import Example, read_example
from slipway_runtime.datasets.recipe import RecipeError
from slipway_runtime.prepare.duplicates.normal import digest, fold

Cells = NDArray[np.void]  # of 16 bytes
# What the function that finishes a build has room and time for.
MAX_BYTES = 4_000_000_000
MAX_EXAMPLES = 2_000_000


class Gathered:
    """The kept examples by number, in an order that their contents alone decide; a context manager.

    `duplicates`: (example left out, example with the same words that stays), by their ids.
    Raises: RecipeError beyond MAX_BYTES or MAX_EXAMPLES.
    """

    def __init__(self, lines: Iterable[bytes], file: Path) -> None:
        self.duplicates: list[tuple[Example, str]] = []
        spans: list[tuple[int, int]] = []
        ids, digests = bytearray(), bytearray()
        with file.open("wb") as out:
            for line in lines:
                example = read_example(line)
                begin = out.tell()
                out.write(line)
                spans.append((begin, out.tell()))
                ids += bytes.fromhex(example.example_id)
                digests += bytes.fromhex(digest(example.content())[:32])
                if out.tell() > MAX_BYTES or len(spans) > MAX_EXAMPLES:
                    raise RecipeError(
                        f"documents, corpus, examples, feedback: more than {MAX_EXAMPLES} examples or {MAX_BYTES} "
                        "bytes; narrow the prefixes and build several datasets"
                    )
        self._file = file.open("rb")
        self._data: mmap.mmap | bytes = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if spans else b""
        self._spans = np.array(spans, np.int64).reshape(-1, 2)
        self._order = self._distinct(_cells(ids), _cells(digests))

    def _distinct(self, ids: Cells, digests: Cells) -> list[int]:
        kept: dict[bytes, int] = {}
        for place in np.argsort(ids, kind="stable").tolist():
            first = kept.setdefault(digests[place].tobytes(), place)
            if first != place:
                self.duplicates.append((self._read(place), ids[first].tobytes().hex()))
        return list(kept.values())

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, number: int) -> Example:
        return self._read(self._order[number])

    def __iter__(self) -> Iterator[Example]:
        return (self._read(place) for place in self._order)

    def folded(self) -> Sequence[str]:
        """Return the words of each example in normal form, made when they are asked for."""
        return _Folded(self)

    def _read(self, place: int) -> Example:
        begin, end = self._spans[place].tolist()
        return read_example(self._data[begin:end])

    def __enter__(self) -> "Gathered":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(self._data, mmap.mmap):
            self._data.close()
        self._file.close()


class _Folded(Sequence[str]):
    def __init__(self, examples: Gathered) -> None:
        self._examples = examples

    def __len__(self) -> int:
        return len(self._examples)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if place >= len(self):
            raise IndexError(place)
        return fold("\n".join(self._examples[place].texts()))


def _cells(data: bytearray) -> Cells:
    return np.frombuffer(data, "V16")
