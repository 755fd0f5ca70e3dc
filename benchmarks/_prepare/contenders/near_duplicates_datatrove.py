"""datatrove: its four steps of MinHash de-duplication, in one process. It does not verify candidates.

Words are cut at white space: its own tokeniser, of another package, is about ten times as slow as all the rest.
"""

import tempfile
from pathlib import Path

from contenders.words import BANDS, ROWS
from datatrove.data import Document
from datatrove.pipeline.dedup import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup import minhash as steps
from loguru import logger

logger.remove()


class WhiteSpace:
    """The part of a word tokeniser that the signatures need."""

    def word_tokenize(self, text: str) -> list[str]:
        """Return the words of a text."""
        return text.split()


def run(documents: list[str]) -> list[int]:
    """Return the places of what is removed."""
    steps.load_word_tokenizer = lambda _language: WhiteSpace()
    config = MinhashConfig(n_grams=5, num_buckets=BANDS, hashes_per_bucket=ROWS)
    with tempfile.TemporaryDirectory() as folder:
        signatures, buckets, remove = (str(Path(folder) / name) for name in ("signatures", "buckets", "remove"))
        MinhashDedupSignature(output_folder=signatures, config=config).run(_read(documents))
        for band in range(BANDS):
            MinhashDedupBuckets(input_folder=signatures, output_folder=buckets, config=config).run(
                None, rank=band, world_size=BANDS
            )
        MinhashDedupCluster(input_folder=buckets, output_folder=remove, config=config).run(None)
        kept = {int(document.id) for document in MinhashDedupFilter(input_folder=remove).run(_read(documents))}
    return [place for place in range(len(documents)) if place not in kept]


def _read(documents: list[str]):
    for place, text in enumerate(documents):
        yield Document(text=text, id=str(place))
