"""Rules for prose from web pages. Source: Raffel et al. 2020 (T5), arXiv 1910.10683, section 2.2.

The paper's list of bad words is left out: it refuses medicine, law and whole dialects.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.prepare.rules.base import Counts, Filter, Finding, TextRule
from slipway_runtime.prepare.rules.limit import REMEDY, AtLeast
from slipway_runtime.prepare.rules.profile import WORD, Profile

TERMINAL = (".", "!", "?", '"', "'", "”", "’", "。", "！", "？", "؟", "।")
ELLIPSES = ("...", "…")
THAI = re.compile(r"[\u0e00-\u0e7f]")
POLICIES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
FENCES = ("```", "~~~")


@dataclass(frozen=True, kw_only=True)
class DropLines(TextRule):
    """Drops lines of fewer words than `min_line_words`, without a mark at their end, about JavaScript, or of policies.

    What is no prose stays, because the paper's lines are prose: headings, tables and fenced code.
    """

    name: ClassVar[str] = "c4"
    is_for_titles: ClassVar[bool] = False
    min_line_words: int

    def rewrite(self, text: str) -> tuple[str, Counts]:
        """Return the text without such lines, and how many were dropped for which cause."""
        kept: list[str] = []
        counts: Counts = Counter()
        is_code = False
        for line in text.split("\n"):
            bare = line.strip()
            is_fence = bare.startswith(FENCES)
            is_code ^= is_fence
            cause = "" if is_fence or is_code or not bare or bare.startswith(("#", "|")) else self._cause(bare)
            if cause:
                counts[cause] += 1
            else:
                kept.append(line)
        return "\n".join(kept), counts

    def _cause(self, line: str) -> str:
        lowered = line.lower()
        # Thai ends no sentence with a mark.
        if not (line.endswith(TERMINAL) or THAI.match(line[-1])) or line.endswith(ELLIPSES):
            return "unfinished_lines"
        if sum(1 for _ in WORD.finditer(line)) < self.min_line_words:
            return "short_lines"
        if "javascript" in lowered:
            return "javascript_lines"
        return "policy_lines" if any(policy in lowered for policy in POLICIES) else ""


class LoremIpsum(Filter):
    """Refuses filler text, by its first two words."""

    name = "c4.lorem_ipsum"

    def refuse(self, document: PreparedDocument) -> Finding | None:
        """Return the finding where the words occur, or None."""
        if "lorem ipsum" not in document.text.lower():
            return None
        return Finding(code="low_quality", reason=f"the text holds filler (lorem ipsum), none is wanted; {REMEDY}")


class CurlyBrackets(Filter):
    """Refuses pages with a curly bracket, which is code rather than prose."""

    name = "c4.curly_brackets"

    def refuse(self, document: PreparedDocument) -> Finding | None:
        """Return the finding where there is one, or None."""
        if "{" not in document.text:
            return None
        return Finding(code="low_quality", reason=f"the text holds curly brackets, none is wanted; {REMEDY}")


class MinSentences(AtLeast):
    """Sentences at least: 5, as in the published C4."""

    name = "c4.min_sentences"
    measured = "the number of sentences"

    def measure(self, document: Profile) -> float:
        """Return the number of sentences; the limit in Thai, which marks none."""
        return self.limit if document.language == "th" else document.sentences
