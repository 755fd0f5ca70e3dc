"""Takes the metrics that the items allow."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evaluation.items import Item
from evaluation.metrics import answers, captions, code, likelihood, meaning, overlap
from evaluation.metrics.measure import Measure, Skipped
from evaluation.model import Model
from evaluation.refused import EvaluationRefusedError
from evaluation.sandbox.run import Limits

FAMILIES = (
    *("overlap", "rouge", "meteor", "bertscore", "captions", "words", "perplexity"),
    *("classification", "code", "safety"),
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which families of metrics to take, and what they need."""

    families: Sequence[str] = FAMILIES
    bertscore_model: Path | None = None
    device: str = "cpu"
    batch: int = 8
    ks: Sequence[int] = (1,)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Measured:
    """The metrics with the ids of the items that each was taken of; `skipped`: what could not be taken, and why."""

    measures: list[tuple[Measure, list[str]]]
    skipped: list[Skipped]
    errors: dict[str, list[str]]


def measure(items: Sequence[Item], model: Model | None, wanted: Wanted) -> Measured:
    """Return the metrics of answered items. Raises: EvaluationRefusedError for an unknown family."""
    unknown = sorted(set(wanted.families) - set(FAMILIES))
    if unknown:
        raise EvaluationRefusedError(f"Unknown metrics: {', '.join(unknown)}", f"Known are {', '.join(FAMILIES)}")
    found = Measured([], [], {})
    takers: dict[str, tuple[list[Item], Callable[[list[Item]], Iterable[Measure | Skipped]]]] = {}
    right = [item for item in items if item.references]
    for name, take in _on_references(model, wanted).items():
        takers[name] = right, take
    takers["classification"] = [item for item in items if item.label is not None], _classification
    takers["safety"] = (
        [item for item in items if item.forbidden or item.required],
        lambda some: [answers.safe(some, _answers(some))],
    )
    takers["code"] = [item for item in items if item.tests], lambda some: _code(some, wanted, found.errors)
    for name in wanted.families:
        some, take = takers[name]
        for result in take(some) if some else ():
            if isinstance(result, Skipped):
                found.skipped.append(result)
            else:
                found.measures.append((result, [item.id for item in some]))
    return found


def _on_references(
    model: Model | None, wanted: Wanted
) -> dict[str, Callable[[list[Item]], Iterable[Measure | Skipped]]]:
    def bertscore(some: list[Item]) -> Iterable[Measure | Skipped]:
        if not wanted.bertscore_model:
            return [Skipped("bertscore", "it needs --bertscore-model, a folder with an encoder")]
        return [meaning.bertscore(*_texts(some), wanted.bertscore_model, wanted.device)]

    def perplexity(some: list[Item]) -> Iterable[Measure | Skipped]:
        if not model:
            return [Skipped("perplexity", "it needs the model itself, not only its answers: --model")]
        return [likelihood.perplexity(model.likelihoods(some, wanted.batch))]

    return {
        "overlap": lambda some: overlap.sacrebleu(*_texts(some)),
        "rouge": lambda some: overlap.rouge(*_texts(some)),
        "meteor": lambda some: [meaning.meteor(*_texts(some))],
        "bertscore": bertscore,
        "captions": lambda some: [captions.cider(*_texts(some)), captions.spice(*_texts(some))],
        "words": lambda some: answers.words(*_texts(some)),
        "perplexity": perplexity,
    }


def _classification(some: list[Item]) -> Iterator[Measure]:
    return answers.classification(_answers(some), [str(item.label) for item in some])


def _code(some: list[Item], wanted: Wanted, errors: dict[str, list[str]]) -> Iterator[Measure]:
    programs = [[program(item, answer) for answer in item.answers] for item in some]
    found = code.outcomes(programs, wanted.limits)
    errors.update({item.id: [one.error for one in each] for item, each in zip(some, found, strict=True)})
    return code.measures(found, wanted.ks, wanted.limits)


def program(item: Item, answer: str) -> str:
    """Return the program of an answer: a completion follows its prompt, an answer to messages stands alone."""
    text = code.python(answer)
    whole = item.prompt + text if item.prompt and text is answer else text
    return f"{whole}\n\n{item.tests}\n"


def _answers(some: Sequence[Item]) -> list[str]:
    return [item.answers[0] for item in some]


def _texts(some: Sequence[Item]) -> tuple[list[str], list[list[str]]]:
    return _answers(some), [item.references for item in some]
