"""Divides groups of examples among the splits, by hash.

Groups are taken in the order of a hash of seed and name, and each goes to the split that lacks most examples of its
share. So the same groups and seed give the same splits in any order; no group is ever in two; and no split has more
than its share plus one group: as long as examples are left, some split lacks some.
"""

import hashlib
from collections.abc import Mapping


def assign(sizes: Mapping[str, int], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Return the split of each group. `sizes`: examples by group; `shares` add up to 1, the first wins a tie."""
    total = sum(sizes.values())
    lacking = {name: share * total for name, share in shares.items() if share > 0}
    splits: dict[str, str] = {}
    for group in sorted(sizes, key=lambda name: _place(name, seed)):
        split = max(lacking, key=lambda name: lacking[name])
        splits[group] = split
        lacking[split] -= sizes[group]
    return splits


def _place(group: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\n{group}".encode("utf-8", "surrogatepass")).digest()
