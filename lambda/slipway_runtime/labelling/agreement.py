"""How far people agree beyond chance, in one number.

Choices and texts: Krippendorff's alpha with nominal distance, which takes any number of people, also different ones for
each item; 1 is full agreement, 0 what chance would give. For multiple_choice each pair of item and choice is a unit,
in or out. Spans have no chance level, so theirs is the mean F1 of exact spans over pairs of people.
Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"; Hripcsak and Rothschild 2005, "Agreement, the
F-Measure, and Reliability in Information Retrieval".
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

import msgspec

from slipway_runtime.labelling.task import Label, Task


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """`value` is None where no item has two votes. `units`: what was compared, items or item-choice pairs."""

    measure: str
    value: float | None
    units: int


def agreement(task: Task, votes: Sequence[Sequence[Label]]) -> Agreement:
    """Return the agreement on a job's items; `votes` holds the labels of each item."""
    pairable = [labels for labels in votes if len(labels) > 1]
    if task.type == "span":
        return _of_spans(pairable)
    units = [unit for labels in pairable for unit in _units(task, labels)]
    return Agreement(measure="krippendorff_alpha_nominal", value=alpha(units), units=len(units))


def comparable(label: Label) -> str:
    """Return a label so that equal ones are equal; texts regardless of case and spacing."""
    if isinstance(label, str):
        return " ".join(label.casefold().split())
    return msgspec.json.encode(label, order="sorted").decode()


def alpha(units: Iterable[Sequence[str]]) -> float | None:
    """Return Krippendorff's alpha of nominal values, one sequence of two or more for each unit; None without any.

    Where only one value occurs nothing could be told apart: that is 1, full agreement.
    """
    disagreements, totals = 0.0, Counter[str]()
    for unit in units:
        counts, size = Counter(unit), len(unit)
        totals += counts
        disagreements += (size**2 - sum(number**2 for number in counts.values())) / (size - 1)
    values = totals.total()
    if not values:
        return None
    by_chance = (values**2 - sum(number**2 for number in totals.values())) / (values - 1)
    return 1 - disagreements / by_chance if by_chance else 1.0


def _units(task: Task, labels: Sequence[Label]) -> list[list[str]]:
    if task.type == "multiple_choice":
        return [["in" if choice in label else "out" for label in labels] for choice in task.choices]
    return [[comparable(label) if task.type == "text" else label for label in labels]]


def _of_spans(votes: Sequence[Sequence[Label]]) -> Agreement:
    scores = []
    for labels in votes:
        for one, other in combinations([{comparable(span) for span in label} for label in labels], 2):
            both = len(one) + len(other)
            scores.append(2 * len(one & other) / both if both else 1.0)
    return Agreement(measure="mean_pairwise_f1", value=sum(scores) / len(scores) if scores else None, units=len(votes))
