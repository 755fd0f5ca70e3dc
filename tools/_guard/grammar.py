"""Texts from a grammar: each `{slot}` of a template becomes one of the slot's own, again and again."""

import random
import re
from collections.abc import Mapping, Sequence

SLOT = re.compile(r"\{([a-z_]+)\}")
Slots = Mapping[str, Sequence[str]]


def written(template: str, slots: Slots, chance: random.Random) -> str:
    """Return a template with its slots filled. Raises: KeyError for a slot that is not there."""
    while SLOT.search(template):
        template = SLOT.sub(lambda match: chance.choice(slots[match.group(1)]), template)
    return template


def texts(templates: Sequence[str], slots: Slots, each: int, chance: random.Random) -> list[str]:
    """Return up to `each` different texts of every template, in order."""
    found = {written(template, slots, chance): None for template in templates for _ in range(each)}
    return list(found)
