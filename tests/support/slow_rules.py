"""A rule that never ends on some texts, inside one search by a regular expression."""

import re
from collections import Counter
from typing import ClassVar

from slipway_runtime.prepare.rules.base import Counts, TextRule


class Endless(TextRule):
    """Searches a text with the word "slow" for longer than anybody lives."""

    name: ClassVar[str] = "endless"

    def rewrite(self, text: str) -> tuple[str, Counts]:
        """Return the text unless it is slow."""
        if "slow" in text:
            re.fullmatch(r"(a|aa)+", "a" * 200 + "b")
        return text, Counter()
