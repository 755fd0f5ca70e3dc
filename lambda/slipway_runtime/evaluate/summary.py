"""The rows of a run added up: means with intervals, and hybrid search beside the other two."""

from collections.abc import Sequence

import msgspec

from slipway_runtime.evaluate.bootstrap import Estimate, difference, estimate
from slipway_runtime.evaluate.rows import ANSWER_METRICS, MODES, RANKING_METRICS, Row

COMPARED = ("recall@5", "mrr@10", "ndcg@10")


class Gain(msgspec.Struct, frozen=True):
    """By how much hybrid search is above another one, over the same questions; `sure` if the interval excludes 0."""

    over: str
    metric: str
    estimate: Estimate
    sure: bool


class Summary(msgspec.Struct, frozen=True):
    """What a run found. `ranking` by mode and metric; `judge`: the model that judged, "" for none."""

    questions: int
    ranking: dict[str, dict[str, Estimate]]
    answers: dict[str, Estimate]
    gains: list[Gain]
    judge: str = ""


def summarise(rows: Sequence[Row], *, judge: str = "") -> Summary:
    """Return the means of a run over the questions for which each measure could be taken."""
    ranked = [row for row in rows if row.ranking]
    modes = [mode for mode in MODES if any(mode in row.ranking for row in ranked)]
    return Summary(
        questions=len(rows),
        ranking={mode: {name: estimate(_values(ranked, mode, name)) for name in RANKING_METRICS} for mode in modes},
        answers={
            name: estimate(values)
            for name in ANSWER_METRICS
            if (values := [row.metrics[name] for row in rows if name in row.metrics])
        },
        gains=[_gain(ranked, mode, name) for mode in modes for name in COMPARED if mode != "hybrid"]
        if "hybrid" in modes
        else [],
        judge=judge,
    )


def _values(rows: Sequence[Row], mode: str, name: str) -> list[float]:
    return [row.ranking[mode][name] for row in rows]


def _gain(rows: Sequence[Row], mode: str, name: str) -> Gain:
    found = difference(_values(rows, "hybrid", name), _values(rows, mode, name))
    return Gain(mode, name, found, found.low > 0 or found.high < 0)
