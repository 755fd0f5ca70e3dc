"""rensa: RMinHash sketches in bulk and RMinHashLSH, candidates accepted by RMinHash.jaccard."""

from contenders.words import ACCEPTED, BANDS, ROWS, shingles
from rensa import RMinHash, RMinHashLSH

BATCH = 1_000


def run(documents: list[str]) -> list[int]:
    """Return the places of what is removed."""
    index = RMinHashLSH(threshold=ACCEPTED, num_perm=BANDS * ROWS, num_bands=BANDS)
    kept: dict[int, RMinHash] = {}
    removed = []
    for begin in range(0, len(documents), BATCH):
        tokens = [shingles(text) for text in documents[begin : begin + BATCH]]
        for place, minhash in enumerate(RMinHash.from_token_sets(tokens, BANDS * ROWS, 42), begin):
            if any(minhash.jaccard(kept[candidate]) >= ACCEPTED for candidate in index.query(minhash)):
                removed.append(place)
            else:
                kept[place] = minhash
                index.insert(place, minhash)
    return removed
