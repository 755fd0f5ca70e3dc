"""What is measured of one question."""

import msgspec

from slipway_runtime.retrieve.stores.contract import Mode

MODES: tuple[Mode, ...] = ("hybrid", "vector", "keyword")
# Of rankings: one value for each mode.
RANKING_METRICS = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10", "precision@5")
# Of answers: one value for a question, where it can be told.
ANSWER_METRICS = (
    *("refused_rightly", "exact_match", "f1", "cites_relevant", "context_precision"),
    *("faithfulness", "answer_relevance"),
)
DEPTH = 10


class Found(msgspec.Struct, frozen=True):
    """A hit as the report shows it; `relevant` whether it covers anything."""

    document: str
    location: str
    score: float
    relevant: bool


class Verdict(msgspec.Struct, frozen=True):
    """The judge's word on one claim of an answer."""

    claim: str
    supported: bool


class Answered(msgspec.Struct, frozen=True):
    """The answer to a question, and the judge's verdicts on its claims."""

    text: str
    grounded: bool
    citations: int
    verdicts: list[Verdict] = []


class Row(msgspec.Struct, frozen=True):
    """One question: `ranking` by mode and metric, `metrics` of its answer, each 0 to 1, where they were taken."""

    number: int
    question: str
    ranking: dict[str, dict[str, float]]
    metrics: dict[str, float]
    found: list[Found] = []
    answered: Answered | None = None
