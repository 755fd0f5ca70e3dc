"""Locality-sensitive hashing: documents that agree in all rows of one band are candidates.

With b bands of r rows, two documents of Jaccard similarity J become candidates with probability 1 - (1 - J**r)**b.
For 13 bands of 5 rows:

    J      .9      .85     .8      .7      .5      .3     .1
    p      .99999  .9992   .9943   .916    .338    .031   .0001

so that at J = .8, the least of what counts as a duplicate, 99.4 % are found: 1 - .8**5 = .67232, .67232**13 = .0057.
One band less would do for .99 (.9915), and leave nothing for the hash functions' own error. Every band is one item of
the online index, so few are better; rows fewer than 5 would make more unlike documents candidates (J = .3: 7.8 % at
10 × 4), each of which costs a verification.
Source: Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", section 3.4.
"""

import functools
import hashlib

import numpy as np
from numpy.typing import NDArray

from slipway_runtime.prepare.duplicates.shingles import Hashes, mix

BANDS = 13
ROWS = 5
SIGNATURE_LENGTH = BANDS * ROWS


def candidate_probability(similarity: float) -> float:
    """Return how likely two documents of this Jaccard similarity are to share a band."""
    return 1 - (1 - similarity**ROWS) ** BANDS


def bands(signatures: NDArray[np.uint32]) -> Hashes:
    """Return BANDS hashes for each signature (row). Equal hashes in one column make candidates."""
    values = signatures.astype(np.uint64).reshape(-1, BANDS, ROWS)
    # The band's number is hashed too, so that one set may hold the hashes of all bands.
    hashes = np.repeat(np.arange(1, BANDS + 1, dtype=np.uint64)[None, :], len(values), axis=0)
    for row, factor in enumerate(_factors()):
        hashes = mix(hashes + values[:, :, row] * factor)
    return hashes


@functools.cache
def _factors() -> Hashes:
    return np.frombuffer(hashlib.shake_256(b"bands").digest(8 * ROWS), "<u8").astype(np.uint64) | np.uint64(1)
