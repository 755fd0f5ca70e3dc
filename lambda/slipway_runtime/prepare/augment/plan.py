"""Which objects a run works on, and what each may cost.

A run's budget is divided among its documents before it begins, so that no two of them need to know of each other.
Documents for which it does not suffice are left out and counted. What fails in the middle of a document was paid for,
and the next attempt begins with the whole share again.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from slipway_runtime.prepare.augment.images import IMAGE_KEY
from slipway_runtime.prepare.augment.model import BYTES_PER_TOKEN, IMAGE_TOKENS, MAX_OUTPUT_TOKENS
from slipway_runtime.prepare.augment.wishes import Wishes

# What a call says besides the passage: system, instruction and schema are 2 to 3 KB.
FRAME_TOKENS = 2_000
BYTES_PER_CHARACTER = 4


class Planned(msgspec.Struct, frozen=True):
    """An object to work on, and what it may cost. Units: calls, tokens in and out together."""

    key: str
    what: Literal["document", "image"]
    calls: int
    tokens: int


class Plan(msgspec.Struct, frozen=True):
    """The objects of a run. `over_budget` and `over_limit`: how many more there are, by what left them out."""

    items: list[Planned]
    over_budget: int
    over_limit: int


def plan(keys: Iterable[str], wishes: Wishes, chunk_characters: int) -> Plan:
    """Return the plan for the objects with these keys, in their order. Images count where captions are wished."""
    about_text = bool(wishes.questions or wishes.paraphrases or wishes.classes)
    labels = wishes.entities or bool(wishes.classifier_arn)
    wanted: list[tuple[str, Literal["document", "image"]]] = []
    for key in keys:
        is_image = IMAGE_KEY.search(key) is not None
        if wishes.captions if is_image else about_text or labels:
            wanted.append((key, "image" if is_image else "document"))
    limited = wanted[: wishes.max_documents]
    affordable = len(limited)
    if about_text or wishes.captions:
        affordable = min(affordable, wishes.max_calls, wishes.max_tokens // call_tokens(wishes, chunk_characters))
    chosen = limited[:affordable]
    calls, tokens = (each // max(1, len(chosen)) for each in (wishes.max_calls, wishes.max_tokens))
    return Plan(
        items=[Planned(key, what, calls, tokens) for key, what in chosen],
        over_budget=len(limited) - affordable,
        over_limit=len(wanted) - len(limited),
    )


def call_tokens(wishes: Wishes, chunk_characters: int) -> int:
    """Return the most tokens that one call can take."""
    passage = chunk_characters * BYTES_PER_CHARACTER // BYTES_PER_TOKEN
    return FRAME_TOKENS + max(passage, IMAGE_TOKENS if wishes.captions else 0) + MAX_OUTPUT_TOKENS
