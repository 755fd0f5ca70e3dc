"""Verification: the exact Jaccard similarity of two documents, by the sets of their shingles."""

import numpy as np

from slipway_runtime.prepare.duplicates.normal import fold
from slipway_runtime.prepare.duplicates.shingles import Hashes, shingles

THRESHOLD = 0.8


def jaccard(one: Hashes, other: Hashes) -> float:
    """Return the similarity, 0 to 1, of two sorted sets of shingles; two empty sets are unlike."""
    both = np.sort(np.concatenate((one, other)))
    shared = int(np.count_nonzero(both[1:] == both[:-1]))
    return shared / (len(both) - shared) if len(both) else 0.0


def shingle_set(text: str) -> Hashes:
    """Return the sorted set of a text's shingles."""
    return shingles([fold(text)]).of(0)
