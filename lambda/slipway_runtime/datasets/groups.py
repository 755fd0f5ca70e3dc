"""Which examples must not be parted: those that share a document, a given key, or nearly all of their words.

Sharing is followed from one to the next, since a chain that is cut anywhere leaks there.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from slipway_runtime.prepare.duplicates.bands import bands
from slipway_runtime.prepare.duplicates.clusters import shared_bands
from slipway_runtime.prepare.duplicates.minhash import NOTHING, Signatures, estimate, signatures
from slipway_runtime.prepare.duplicates.similarity import THRESHOLD

# Two standard errors of the estimate: to group too much costs little, to part two that are alike leaks.
MARGIN = 0.1
# In a band that more examples share, each is compared with so many before it; the bands beside it link the rest.
LOOK_BACK = 256


class UnionFind:
    """Sets of numbers 0 to `size` - 1, joined pair by pair; a set is named by its least number."""

    def __init__(self, size: int) -> None:
        self._parents = list(range(size))

    def find(self, one: int) -> int:
        """Return the least number of the set that `one` is in."""
        root = one
        while self._parents[root] != root:
            root = self._parents[root]
        while self._parents[one] != root:
            self._parents[one], one = root, self._parents[one]
        return root

    def join(self, one: int, other: int) -> None:
        """Make two sets one."""
        low, high = sorted((self.find(one), self.find(other)))
        self._parents[high] = low


def near_duplicates(rows: Signatures) -> Iterator[tuple[int, int]]:
    """Yield pairs of examples, by their signatures, that are alike.

    Unlike `clusters.find_duplicates`, which compares with kept documents only, it follows chains: of three where the
    first is like the second and the second like the third, all belong together.
    """
    hashes = bands(rows)
    shared = shared_bands(hashes) & (rows != NOTHING).any(axis=1)[:, None]
    for column in range(hashes.shape[1]):
        members = np.flatnonzero(shared[:, column])
        order = members[np.argsort(hashes[members, column], kind="stable")]
        cuts = np.flatnonzero(np.diff(hashes[order, column])) + 1
        for run in np.split(order, cuts):
            for place in range(1, len(run)):
                before = run[max(0, place - LOOK_BACK) : place]
                for other in before[estimate(rows[run[place]], rows[before]) >= THRESHOLD - MARGIN]:
                    yield int(other), int(run[place])


def group_names(keys: Sequence[Iterable[str]], folded: Sequence[str] | None = None) -> list[str]:
    """Return the group of each example: 32 hexadecimal digits, made of the least key in the group.

    `keys`: what an example must not be parted by, at least one each.   `folded`: texts in normal form, where nearly
    equal ones belong together too.
    """
    sets = UnionFind(len(keys))
    firsts: dict[str, int] = {}
    for index, own in enumerate(keys):
        for key in own:
            sets.join(firsts.setdefault(key, index), index)
    if folded is not None and len(folded):
        for one, other in near_duplicates(signatures(folded)):
            sets.join(one, other)
    least: dict[int, str] = {}
    for index, own in enumerate(keys):
        root = sets.find(index)
        least[root] = min((*own, least[root]) if root in least else own)
    names = {root: hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32] for root, key in least.items()}
    return [names[sets.find(index)] for index in range(len(keys))]
