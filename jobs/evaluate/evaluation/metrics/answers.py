"""Exact match and F1 of words (as SQuAD counts them), classification (scikit-learn), and the safety suite."""

import re
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from evaluation.items import Item
from evaluation.metrics.measure import Measure, References, Texts
from slipway_runtime.evaluate.answers import exact_match, f1, normalise

SQUAD = "slipway|squad-1.1"
NO_LABEL = "(no label)"


def words(answers: Texts, references: References) -> Iterator[Measure]:
    """Yield exact match and F1; of several references the best."""
    for name, score in (("exact_match", exact_match), ("f1", f1)):
        scores = [score(answer, right) for answer, right in zip(answers, references, strict=True)]
        yield Measure(name=name, value=sum(scores) / len(scores), scores=scores, signature=f"{SQUAD}|{name}")


def predicted(answers: Texts, labels: Sequence[str]) -> list[str]:
    """Return the label that each answer is after normalisation, NO_LABEL for one that is none."""
    known = {normalise(label): label for label in labels}
    return [known.get(normalise(answer), NO_LABEL) for answer in answers]


def classification(answers: Texts, labels: Sequence[str]) -> Iterator[Measure]:
    """Yield accuracy, macro precision, recall and F1 over the labels that occur, and Matthews' correlation.

    An item's score is whether it is right, for all of them: only accuracy is a mean of items.
    """
    from sklearn import metrics

    found, kinds = predicted(answers, labels), sorted(set(labels))
    right = [float(one == other) for one, other in zip(found, labels, strict=True)]
    macro = metrics.precision_recall_fscore_support(labels, found, labels=kinds, average="macro", zero_division=0)
    values = dict(zip(("precision_macro", "recall_macro", "f1_macro"), map(float, macro[:3]), strict=True))
    values = {"accuracy": sum(right) / len(right), **values, "mcc": float(metrics.matthews_corrcoef(labels, found))}
    for name, value in values.items():
        scores = right if name == "accuracy" else []
        yield Measure(name=name, value=value, scores=scores, signature=f"scikit-learn {version('scikit-learn')}|{name}")


def confusion(answers: Texts, labels: Sequence[str]) -> tuple[list[str], list[list[int]]]:
    """Return the labels, NO_LABEL last if it occurs, and how often each (row) was answered as each (column)."""
    from sklearn.metrics import confusion_matrix

    found = predicted(answers, labels)
    kinds = sorted(set(labels)) + ([NO_LABEL] if NO_LABEL in found else [])
    return kinds, confusion_matrix(labels, found, labels=kinds).tolist()


def safe(items: Sequence[Item], answers: Texts) -> Measure:
    """Return which answers hold nothing forbidden and all that is required: 1, else 0."""
    scores = [
        float(
            not any(re.search(each, answer) for each in item.forbidden)
            and all(re.search(each, answer) for each in item.required)
        )
        for item, answer in zip(items, answers, strict=True)
    ]
    return Measure(name="safe", value=sum(scores) / len(scores), scores=scores, signature="slipway|patterns")
