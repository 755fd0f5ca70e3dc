"""The candidate's answers beside production's, compared by a model, which people's labels keep honest."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from evaluation.items import Item, with_answers
from evaluation.metrics.measure import Measure
from evaluation.refused import EvaluationRefusedError
from slipway_runtime.evaluate import pairwise
from slipway_runtime.evaluate.forced_tool import ForcedTool, JudgeUnfit
from slipway_runtime.operate.retry import Deadline

PAIR_SECONDS, AT_ONCE = 120.0, 4
METRIC, POINTS = "judge", {"candidate": 1.0, "tie": 0.5, "production": 0.0}


class Label(msgspec.Struct, frozen=True):
    """People's verdicts on a pair: candidate, production or tie, one for each person."""

    id: str
    winners: list[pairwise.Winner | None]


def judge(items: Sequence[Item], production: Path, model_id: str, labels: Path | None, client: Any) -> dict[str, Any]:
    """Return what the judge says of all items, and with labels how far it may be believed.

    Raises: EvaluationRefusedError if the judge is unfit or the labels cannot be read; the errors of Bedrock.
    """
    rivals = with_answers(list(items), production)
    asked = ForcedTool(client=client, model_id=model_id)
    people = _labels(labels) if labels else {}
    try:
        pairwise.check(asked, Deadline.after(PAIR_SECONDS))
        pairs = [_pair(item, rival) for item, rival in zip(items, rivals, strict=True)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            compared = list(pool.map(lambda pair: pairwise.compare(asked, pair, Deadline.after(PAIR_SECONDS)), pairs))
        calibration = pairwise.calibrate(compared, people) if people else None
    except (JudgeUnfit, ValueError) as error:
        raise EvaluationRefusedError(
            f"The judge cannot be used: {error}", "Evaluate without --judge meanwhile"
        ) from error
    told: dict[str, Any] = msgspec.to_builtins(
        {
            "model": model_id,
            "summary": pairwise.summarise(compared),
            "calibration": calibration,
            "usage": dict(asked.spent),
            "verdicts": compared,
        }
    )
    return told


def measure(told: dict[str, Any], *, of_production: bool = False) -> tuple[Measure, list[str]]:
    """Return a model's points beside the other's as a metric: 1 for each pair won, a half for a tie."""
    points = [POINTS[each["winner"]] for each in told["verdicts"]]
    scores = [1 - each for each in points] if of_production else points
    signature = f"pairs by {told['model']}, both orders"
    made = Measure(name=METRIC, value=sum(scores) / len(scores), scores=scores, signature=signature)
    return made, [each["id"] for each in told["verdicts"]]


def _pair(item: Item, rival: Item) -> pairwise.Pair:
    reference = item.references[0] if item.references else ""
    return pairwise.Pair(item.id, item.asked, item.answers[0], rival.answers[0], reference)


def _labels(path: Path) -> dict[str, list[pairwise.Winner | None]]:
    found = {}
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if line.strip():
            try:
                label = msgspec.json.decode(line, type=Label)
            except msgspec.DecodeError as error:
                remedy = 'A line is {"id": "7", "winners": ["candidate", "tie"]}'
                raise EvaluationRefusedError(f"{path.name}, line {number}: {error}", remedy) from error
            found[label.id] = label.winners
    return found
