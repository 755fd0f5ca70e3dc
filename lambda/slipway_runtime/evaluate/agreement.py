"""How far judges agree beyond chance.

Sources: Cohen, "A coefficient of agreement for nominal scales" (1960); Krippendorff, "Computing Krippendorff's
Alpha-Reliability" (2011), sections C and D.
"""

from collections import Counter
from collections.abc import Sequence


def cohen_kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Return Cohen's kappa of two judges' labels: 1 for agreement, 0 for chance; 1 if only one label occurs.

    Raises: ValueError if they judged none, or of different items' number.
    """
    if not one:
        raise ValueError("no items were judged, expected at least one")
    agreed = sum(left == right for left, right in zip(one, other, strict=True)) / len(one)
    counts, others = Counter(one), Counter(other)
    chance = sum(counts[label] * others[label] for label in counts) / len(one) ** 2
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)


def krippendorff_alpha(units: Sequence[Sequence[str | None]]) -> float:
    """Return Krippendorff's alpha for names. A unit holds each judge's label, None where there is none.

    Raises: ValueError if no unit has two labels.
    """
    weights: dict[tuple[str, str], float] = {}
    for unit in units:
        labels = Counter(label for label in unit if label is not None)
        size = labels.total()
        for left in labels if size > 1 else ():
            for right in labels:
                found = labels[left] * (labels[right] - (left == right)) / (size - 1)
                weights[left, right] = weights.get((left, right), 0.0) + found
    totals: dict[str, float] = {}
    for (left, _), weight in weights.items():
        totals[left] = totals.get(left, 0.0) + weight
    count = sum(totals.values())
    if not count:
        raise ValueError("no unit has two labels, expected at least one")
    differ = sum(weight for (left, right), weight in weights.items() if left != right)
    expected = count**2 - sum(total**2 for total in totals.values())
    return 1.0 if not expected else 1 - (count - 1) * differ / expected
