"""A model compares two answers, each pair twice with the places swapped, and is itself held against people.

Sources: Zheng et al., "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena" (NeurIPS 2023), section 3.4: swapped
positions, and a tie where the two verdicts contradict.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from slipway_runtime.evaluate.agreement import cohen_kappa, krippendorff_alpha
from slipway_runtime.evaluate.bootstrap import Estimate, estimate
from slipway_runtime.evaluate.forced_tool import ForcedTool, JudgeUnfit
from slipway_runtime.generate.delimited import as_data
from slipway_runtime.operate.retry import Deadline

Winner = Literal["candidate", "production", "tie"]
ASK = (
    "Say which answer helps the asker more: by being right first, then complete, then short. Length alone is no merit, "
    "nor is the place. Write the reason before the verdict; say tie where neither is better."
)
SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "better": {"type": "string", "enum": ["A", "B", "tie"]}},
    "required": ["reason", "better"],
}


class Pair(msgspec.Struct, frozen=True):
    """Two answers to one question; `reference` is a right answer, "" where none is known."""

    id: str
    question: str
    candidate: str
    production: str
    reference: str = ""


class Compared(msgspec.Struct, frozen=True):
    """The verdict on a pair. `first` and `second`: with the candidate as A, then as B; contradiction makes a tie."""

    id: str
    winner: Winner
    first: Winner
    second: Winner
    reasons: list[str]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """`win_rate`: wins and half the ties, 0 to 1. `consistency`: the share of equal verdicts in both places.

    `prefers_a`: of the contradictory, the share that took whatever stood first: 0.5 is no preference.
    """

    pairs: int
    wins: int
    ties: int
    losses: int
    win_rate: Estimate
    consistency: float
    prefers_a: float


class Calibration(msgspec.Struct, frozen=True):
    """The judge beside people on the same pairs."""

    pairs: int
    agreement: float
    cohen_kappa: float
    krippendorff_alpha: float


class _Better(msgspec.Struct):
    reason: str
    better: Literal["A", "B", "tie"]


# The first answer of each is the better one, by what stands in the right answer.
CONTROLS = (
    Pair("control 1", "How many legs has a spider?", "A spider has eight legs.", "It has six.", "Eight."),
    Pair("control 2", "Which gas do plants take in?", "They take in carbon dioxide.", "Bicycles.", "Carbon dioxide."),
)


def check(judge: ForcedTool, deadline: Deadline) -> None:
    """Try the judge on pairs whose better answer is known. Raises: JudgeUnfit naming what it got wrong."""
    wrong = [each.question for each in CONTROLS if compare(judge, each, deadline).winner != "candidate"]
    if wrong:
        raise JudgeUnfit(
            f"the model {judge.model_id} cannot judge: of {len(CONTROLS)} plain pairs it got {len(wrong)} wrong, such "
            f"as {wrong[0]!r}. Take a stronger model, or evaluate without a judge"
        )


def compare(judge: ForcedTool, pair: Pair, deadline: Deadline) -> Compared:
    """Return the verdict on a pair. Raises: JudgeUnfit, the errors of Bedrock."""
    one = _asked(judge, pair, pair.candidate, pair.production, deadline)
    other = _asked(judge, pair, pair.production, pair.candidate, deadline)
    first, second = (
        _named(one.better, a="candidate", b="production"),
        _named(other.better, a="production", b="candidate"),
    )
    return Compared(pair.id, first if first == second else "tie", first, second, [one.reason, other.reason])


def summarise(compared: Sequence[Compared]) -> Summary:
    """Return what the verdicts add up to. Raises: ValueError without any."""
    points = {"candidate": 1.0, "tie": 0.5, "production": 0.0}
    torn = [each for each in compared if {each.first, each.second} == {"candidate", "production"}]
    return Summary(
        pairs=len(compared),
        wins=sum(each.winner == "candidate" for each in compared),
        ties=sum(each.winner == "tie" for each in compared),
        losses=sum(each.winner == "production" for each in compared),
        win_rate=estimate([points[each.winner] for each in compared]),
        consistency=sum(each.first == each.second for each in compared) / len(compared),
        prefers_a=sum(each.first == "candidate" for each in torn) / len(torn) if torn else 0.5,
    )


def calibrate(
    compared: Sequence[Compared], people: Mapping[str, Sequence[Winner | None]], *, minimum_kappa: float = 0.4
) -> Calibration:
    """Return how the judge agrees with people's labels by pair; of several labels the most frequent, else a tie.

    Raises: JudgeUnfit if kappa is under the minimum, ValueError if no pair has a label.
    """
    labels = {each: majority(found) for each, found in people.items() if any(found)}
    both = [(each.winner, labels[each.id]) for each in compared if each.id in labels]
    judged, human = [one for one, _ in both], [other for _, other in both]
    found = Calibration(
        pairs=len(both),
        agreement=sum(one == other for one, other in both) / max(1, len(both)),
        cohen_kappa=cohen_kappa(judged, human),
        krippendorff_alpha=krippendorff_alpha([[each.winner, *people.get(each.id, [])] for each in compared]),
    )
    if found.cohen_kappa < minimum_kappa:
        raise JudgeUnfit(
            f"the judge agrees with people on {found.agreement:.0%} of {found.pairs} pairs, kappa "
            f"{found.cohen_kappa:.2f}, under {minimum_kappa:g}. Take a stronger model, or a larger calibration set"
        )
    return found


def majority(labels: Sequence[Winner | None]) -> Winner:
    """Return the label that most people gave, a tie where no one label leads."""
    known = [label for label in labels if label is not None]
    best = max(known.count(label) for label in known)
    leading = {label for label in known if known.count(label) == best}
    return leading.pop() if len(leading) == 1 else "tie"


def _asked(judge: ForcedTool, pair: Pair, a: str, b: str, deadline: Deadline) -> _Better:
    reference = f"<right_answer>{as_data(pair.reference)}</right_answer>\n" if pair.reference else ""
    text = (
        f"<question>{as_data(pair.question)}</question>\n{reference}"
        f"<answer_a>{as_data(a)}</answer_a>\n<answer_b>{as_data(b)}</answer_b>\n{ASK}"
    )
    return judge.ask("record_preference", SCHEMA, text, _Better, deadline)


def _named(better: str, *, a: Winner, b: Winner) -> Winner:
    names: dict[str, Winner] = {"A": a, "B": b, "tie": "tie"}
    return names[better]
