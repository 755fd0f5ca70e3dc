"""What the votes of one item come to, and the training example that it makes."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from slipway_runtime.datasets.example import Example, Message
from slipway_runtime.labelling.agreement import comparable
from slipway_runtime.labelling.items import Item
from slipway_runtime.labelling.task import Label, Task


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """`label` is None without a majority; `share` is the part of the people who said exactly this, 0 to 1."""

    label: Label = None
    share: float = 0.0


def decide(task: Task, labels: Sequence[Label]) -> Decision:
    """Return the majority: of whole labels for a choice or a text, of each choice or span for lists of them.

    A tie for the first place decides nothing. A list is empty only where more than half said so.
    """
    if not labels:
        return Decision()
    found = _of_parts(task, labels) if task.type in ("multiple_choice", "span") else _of_wholes(labels)
    if found is None:
        return Decision()
    same = sum(comparable(label) == comparable(found) for label in labels)
    return Decision(label=found, share=same / len(labels))


def _of_wholes(labels: Sequence[Label]) -> Label:
    (best, most), *others = Counter(map(comparable, labels)).most_common(2)
    if others and others[0][1] == most:
        return None
    return min(label for label in labels if comparable(label) == best)


def _of_parts(task: Task, labels: Sequence[Label]) -> Label:
    parts = {comparable(part): part for label in labels for part in label}
    counts = Counter(name for label in labels for name in {comparable(part) for part in label})
    kept = [parts[name] for name, number in counts.items() if 2 * number > len(labels)]
    if not kept and 2 * sum(not label for label in labels) <= len(labels):
        return None
    order = (lambda part: (part["start"], part["end"], part["label"])) if task.type == "span" else task.choices.index
    return sorted(kept, key=order)


def example_of(task: Task, item: Item, label: Label, *, job: str) -> Example:
    """Return the training example of a decided item: the question about the text, answered.

    The question is what a system prompt says to all, so that only the texts are compared with each other.
    """
    asked = [task.question, task.instructions, f"Choices: {', '.join(task.choices)}" if task.choices else ""]
    documents = [item.document_id] if item.document_id else []
    return Example(
        origin="label",
        documents=documents,
        source_versions=[item.source_version] * len(documents),
        rules=[item.rules] * len(documents),
        messages=[
            Message("system", "\n\n".join(part for part in asked if part)),
            Message("user", item.text),
            Message("assistant", _answer(task, item, label)),
        ],
        # Without a document there is nothing else to tell that two examples belong together.
        group="" if documents else f"{job}/{item.number}",
    )


def _answer(task: Task, item: Item, label: Label) -> str:
    if isinstance(label, str):
        return label
    if task.type == "span":  # models count characters badly: the words themselves stand for where they are
        label = [{"text": item.text[span["start"] : span["end"]], "label": span["label"]} for span in label]
    return msgspec.json.encode(label, order="sorted").decode()
