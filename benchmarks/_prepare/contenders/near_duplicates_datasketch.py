"""datasketch: MinHash.update_batch and MinHashLSH, candidates accepted by MinHash.jaccard."""

from contenders.words import ACCEPTED, BANDS, ROWS, shingles
from datasketch import MinHash, MinHashLSH


def run(documents: list[str]) -> list[int]:
    """Return the places of what is removed."""
    index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    kept: dict[int, MinHash] = {}
    removed = []
    for place, text in enumerate(documents):
        minhash = MinHash(num_perm=BANDS * ROWS)
        minhash.update_batch([shingle.encode() for shingle in set(shingles(text))])
        if any(minhash.jaccard(kept[candidate]) >= ACCEPTED for candidate in index.query(minhash)):
            removed.append(place)
        else:
            kept[place] = minhash
            index.insert(place, minhash, check_duplication=False)
    return removed
