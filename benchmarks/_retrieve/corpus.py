"""Vectors, texts and tenants of known truth.

Vectors: 400 topics in 48 dimensions, spread into 384 with noise, of length 1; like sentence embeddings they lie near a
surface of far fewer dimensions than they have. Independent Gaussian numbers, which have no neighbours to speak of,
would tell nothing about search.
Texts: 60 words by Zipf's law out of 20,000. Questions: six words of one text.
"""

from dataclasses import dataclass

import numpy as np

DIMENSIONS = 384
TOPICS, LATENT = 400, 48
WORDS, TEXT_WORDS, QUESTION_WORDS = 20_000, 60, 6
SHARES = {"50 %": 0.5, "20 %": 0.2, "10 %": 0.1, "2 %": 0.02, "1 %": 0.01, ".2 %": 0.002}


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """`tenants[i]` owns `vectors[i]` and `texts[i]`; `queries` and `questions` belong together."""

    vectors: np.ndarray
    tenants: np.ndarray
    texts: list[str]
    queries: np.ndarray
    questions: list[str]

    def nearest(self, query: int, rows: np.ndarray, count: int) -> set[int]:
        """Return the true nearest of some rows."""
        similarity = self.vectors[rows] @ self.queries[query]
        return {int(rows[place]) for place in np.argsort(-similarity)[:count]}


def generate(rows: int, queries: int) -> Corpus:
    """Return the corpus; the same for the same numbers."""
    source = np.random.default_rng(1)
    spread, topics = source.normal(size=(LATENT, DIMENSIONS)), source.normal(size=(TOPICS, LATENT))

    def vectors(count: int) -> np.ndarray:
        latent = topics[source.integers(0, TOPICS, count)] + 0.7 * source.normal(size=(count, LATENT))
        made = latent @ spread + source.normal(size=(count, DIMENSIONS))
        return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)

    words = np.minimum(source.zipf(1.2, size=(rows, TEXT_WORDS)), WORDS)
    texts = [" ".join(f"word{word}" for word in line) for line in words]
    asked = source.integers(0, rows, queries)
    chosen = np.stack([source.choice(words[row], QUESTION_WORDS, replace=False) for row in asked])
    tenants, order, at = np.full(rows, "others", dtype="<U6"), source.permutation(rows), 0
    for name, share in SHARES.items():
        tenants[order[at : at + int(rows * share)]] = name
        at += int(rows * share)
    return Corpus(
        vectors=vectors(rows),
        tenants=tenants,
        texts=texts,
        queries=vectors(queries),
        questions=[" ".join(f"word{word}" for word in line) for line in chosen],
    )
