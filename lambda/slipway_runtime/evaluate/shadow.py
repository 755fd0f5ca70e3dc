"""A shadow's answers beside those that users got: paired by request, compared by words, length, and how far apart.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html (captured lines)
Source: https://arxiv.org/abs/1606.05250 (F1 of words, as SQuAD counts it)
"""

import base64
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

WORD = re.compile(r"\w+")
WORST = 10
SHOWN_CHARACTERS = 2000
NORMAL_95 = 1.96


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One captured request: its id, "" without one, what was asked, and what was answered."""

    inference_id: str
    asked: str
    prompt: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The same request, answered twice. `similarity`: 1 for the same words."""

    prompt: str
    main: str
    shadow: str
    similarity: float


def exchange_of(line: str) -> Exchange:
    """Return a captured line. Raises: ValueError, KeyError for one that is none."""
    found = json.loads(line)
    asked, answered = (_text(found["captureData"][side]) for side in ("endpointInput", "endpointOutput"))
    return Exchange(
        inference_id=found["eventMetadata"].get("inferenceId", ""),
        asked=asked,
        prompt=_prompt(asked),
        answer=_answer(answered),
    )


def pairs_of(main: Iterable[Exchange], shadow: Iterable[Exchange]) -> tuple[list[Pair], int]:
    """Return the requests that both answered, and how many of the shadow's have no partner.

    Partners have one inference id, or, where the client gives none, the same request; equal ones in their order.
    """
    waiting: dict[str, list[Exchange]] = defaultdict(list)
    for one in main:
        waiting[one.inference_id or one.asked].append(one)
    found, alone = [], 0
    for other in shadow:
        partners = waiting.get(other.inference_id or other.asked)
        if not partners:
            alone += 1
            continue
        one = partners.pop(0)
        alike = similarity(one.answer, other.answer)
        found.append(Pair(prompt=one.prompt, main=one.answer, shadow=other.answer, similarity=alike))
    return found, alone


def similarity(one: str, other: str) -> float:
    """Return the F1 of the words of two answers."""
    first, second = (Counter(WORD.findall(text.lower())) for text in (one, other))
    if not first or not second:
        return float(first == second)
    return 2 * (first & second).total() / (first.total() + second.total())


def comparison(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return agreement, lengths in words with the 95 % interval of their mean difference, and the worst pairs."""
    lengths = [(len(WORD.findall(pair.main)), len(WORD.findall(pair.shadow))) for pair in pairs]
    differences = [shadow - main for main, shadow in lengths]
    count, mean = len(pairs), _mean(differences)
    spread = math.sqrt(sum((each - mean) ** 2 for each in differences) / max(count - 1, 1) / max(count, 1))
    worst = sorted(pairs, key=lambda pair: pair.similarity)[:WORST]
    return {
        "pairs": count,
        "agreement": {
            "identical_share": round(_mean([float(_plain(pair.main) == _plain(pair.shadow)) for pair in pairs]), 4),
            "mean_similarity": round(_mean([pair.similarity for pair in pairs]), 4),
        },
        "length_words": {
            "main": round(_mean([main for main, _ in lengths]), 2),
            "shadow": round(_mean([shadow for _, shadow in lengths]), 2),
            "difference": round(mean, 2),
            "interval_95": [round(mean + sign * NORMAL_95 * spread, 2) for sign in (-1, 1)],
        },
        "worst": [
            {name: value[:SHOWN_CHARACTERS] if isinstance(value, str) else round(value, 4)
             for name, value in asdict(pair).items()} for pair in worst
        ],
    }  # fmt: skip


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _text(side: dict[str, str]) -> str:
    if side.get("encoding") == "BASE64":
        return base64.b64decode(side["data"]).decode("utf-8", errors="replace")
    return side["data"]


def _prompt(asked: str) -> str:
    found = _json(asked)
    if isinstance(found, dict) and found.get("messages"):
        return str(found["messages"][-1].get("content", ""))
    return str(found.get("inputs", asked)) if isinstance(found, dict) else asked


def _answer(answered: str) -> str:
    """Return the words of an answer in OpenAI's schema, streamed or not, in LMI's and TGI's; else all of it."""
    if answered.startswith("data: "):
        chunks = [_json(line[6:]) for line in answered.split("\n") if line.startswith("data: {")]
        return "".join(each["choices"][0]["delta"].get("content") or "" for each in chunks if each.get("choices"))
    found = _json(answered)
    found = found[0] if isinstance(found, list) and found else found
    if isinstance(found, dict) and found.get("choices"):
        return str(found["choices"][0].get("message", {}).get("content", ""))
    return str(found.get("generated_text", answered)) if isinstance(found, dict) else answered


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
