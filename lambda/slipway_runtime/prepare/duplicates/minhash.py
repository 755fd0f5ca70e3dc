"""MinHash signatures: for each of many hash functions the least value over a document's shingles.

Two documents agree in a place of their signatures with the probability of their Jaccard similarity, so the share of
equal places estimates it, with a standard error of sqrt(J (1 - J) / SIGNATURE_LENGTH): .05 at J = .8.
A function is one multiplication by an odd number modulo 2**32: shingle hashes are random already.
Source: Broder et al., "Min-wise independent permutations" (1998).
"""

import functools
import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from slipway_runtime.prepare.duplicates.bands import SIGNATURE_LENGTH
from slipway_runtime.prepare.duplicates.shingles import Shingles, batches, shingles

Signatures = NDArray[np.uint32]
# The value of a document without shingles; such a document is like no other.
NOTHING = 0xFFFFFFFF
AT_ONCE = 1 << 17


def signatures(folded: Sequence[str]) -> Signatures:
    """Return a row of SIGNATURE_LENGTH values for each text in normal form, worked on in batches of bounded size."""
    rows = np.empty((len(folded), SIGNATURE_LENGTH), np.uint32)
    for batch in batches(folded):
        rows[batch.start : batch.stop] = minhash(shingles(folded[batch.start : batch.stop]))
    return rows


def minhash(found: Shingles) -> Signatures:
    """Return the signatures of documents from their shingles."""
    columns = np.full((SIGNATURE_LENGTH, len(found.offsets) - 1), NOTHING, np.uint32)
    filled = np.flatnonzero(np.diff(found.offsets))
    if len(filled):
        high = (found.hashes >> np.uint64(32)).astype(np.uint32)
        if len(filled) == 1:  # one document, perhaps a long one
            columns[:, filled[0]] = _one(high)
        else:
            starts, product = found.offsets[filled], np.empty_like(high)
            for place, factor in enumerate(_factors()):
                np.multiply(high, factor, out=product)
                columns[place, filled] = np.minimum.reduceat(product, starts)
    return np.ascontiguousarray(columns.T)


def _one(high: NDArray[np.uint32]) -> NDArray[np.uint32]:
    least = np.full(SIGNATURE_LENGTH, NOTHING, np.uint32)
    for begin in range(0, len(high), AT_ONCE):
        part = high[begin : begin + AT_ONCE]
        np.minimum(least, [np.min(part * factor) for factor in _factors()], out=least)
    return least


def estimate(one: Signatures, others: Signatures) -> NDArray[np.float64]:
    """Return the estimated Jaccard similarity of one signature to each of others (rows)."""
    share: NDArray[np.float64] = np.mean(others == one, axis=1)
    return share


def to_bytes(signature: NDArray[np.uint32]) -> bytes:
    """Return a signature as bytes, little-endian."""
    return signature.astype("<u4").tobytes()


def from_bytes(data: bytes) -> NDArray[np.uint32]:
    """Return the signature that `to_bytes` wrote."""
    return np.frombuffer(data, "<u4").astype(np.uint32)


@functools.cache
def _factors() -> NDArray[np.uint32]:
    drawn = np.frombuffer(hashlib.shake_256(b"minhash").digest(4 * SIGNATURE_LENGTH), "<u4")
    return drawn.astype(np.uint32) | np.uint32(1)
