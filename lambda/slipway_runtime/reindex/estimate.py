"""What a rebuild would take: documents and bytes counted, tokens and time measured on a few of them.

The sample is embedded by the new model and thrown away, which also proves that the model can be called.
"""

import dataclasses
import random
import time
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.operate.curated import FOLDER, Curated, named
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.reindex.index import Index
from slipway_runtime.retrieve.chunk import chunk
from slipway_runtime.retrieve.context import embedding_text

SAMPLE = 5
SEED = 20_260_101


class Estimate(msgspec.Struct, frozen=True):
    """`tokens` of all documents with their overlaps; `usd` is None without a price; `minutes` at full concurrency."""

    documents: int
    bytes: int
    tokens: int
    minutes: float
    usd: float | None


@dataclass(frozen=True, kw_only=True)
class Estimating:
    """Reads the curated bucket. `concurrency`: documents at a time; `usd_per_million_tokens`: None if not known."""

    curated: Curated
    index: Index
    concurrency: int
    usd_per_million_tokens: float | None

    def estimate(self, deadline: Deadline) -> Estimate:
        """Raises: EmbeddingError if the model does not answer."""
        documents, size, sample = 0, 0, list[tuple[str, int]]()
        source = random.Random(SEED)  # noqa: S311 - chooses a sample
        for each in self._objects():
            documents, size = documents + 1, size + each[1]
            # A reservoir: every object is in the sample with the same chance.
            if len(sample) < SAMPLE:
                sample.append(each)
            elif (place := source.randrange(documents)) < SAMPLE:
                sample[place] = each
        tokens, seconds = self._measure([key for key, _ in sample], deadline)
        share = size / (sum(length for _, length in sample) or 1)
        total = round(tokens * share)
        price = self.usd_per_million_tokens
        return Estimate(
            documents=documents,
            bytes=size,
            tokens=total,
            minutes=round(seconds * share / min(self.concurrency, documents or 1) / 60, 1),
            usd=None if price is None else round(total * price / 1_000_000, 2),
        )

    def _objects(self) -> Any:
        pages = self.curated.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.curated.bucket, Prefix=FOLDER):
            yield from ((each["Key"], each["Size"]) for each in page.get("Contents", []))

    def _measure(self, keys: list[str], deadline: Deadline) -> tuple[int, float]:
        counted: list[int] = []
        embedder = dataclasses.replace(self.index.embedder, meter=lambda _model, tokens: counted.append(tokens))
        began = time.monotonic()
        for key in keys:
            place = named(key)
            if place and (curated := self.curated.get(*place)):
                document = curated.prepared()
                pieces = chunk(document, self.index.chunking)
                embedder.embed([embedding_text(document, piece, embedder.model) for piece in pieces], deadline)
        return sum(counted), time.monotonic() - began
