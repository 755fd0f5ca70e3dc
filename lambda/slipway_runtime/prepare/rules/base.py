"""A rule is one small class with one decision; the set of them that a source's documents go through keeps the books.

Text rules rewrite a section before sections are joined, so that page and heading maps are made of the final text.
Filters see the whole document and keep it or refuse it with a reason.
Source: the split between one decision and its bookkeeping is that of datatrove, github.com/huggingface/datatrove
"""

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import ClassVar

from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.prepare.rejected import Code, Rejected, TooSlow

Counts = Counter[str]


class TextRule(ABC):
    """Rewrites text; `name` is the first part of its counts ("redact.email").

    `is_for_titles`: whether a title goes through it too, as what must not be seen does.
    """

    name: ClassVar[str]
    is_for_titles: ClassVar[bool] = True

    @abstractmethod
    def rewrite(self, text: str) -> tuple[str, Counts]:
        """Return the text, and how often each thing was done to it."""

    def fresh(self) -> "TextRule":
        """Return the rule as it begins a document; one that remembers things within a document returns another one."""
        return self


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Why a filter refuses a document: a stable code, and a reason with measured value, limit and remedy.

    The reason never quotes the document.
    """

    code: Code
    reason: str


class Filter(ABC):
    """Keeps a document or refuses it."""

    name: ClassVar[str]

    @abstractmethod
    def refuse(self, document: PreparedDocument) -> Finding | None:
        """Return why the document must not go on, or None to keep it."""


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """The rules of a source, in order; `version` names them in every lineage row.

    The empty rule set changes nothing and keeps everything.
    """

    text_rules: tuple[TextRule, ...] = ()
    filters: tuple[Filter, ...] = ()
    version: str = "none"

    def fresh(self) -> "RuleSet":
        """Return the set as it begins a document."""
        if not self.text_rules:
            return self
        return replace(self, text_rules=tuple(rule.fresh() for rule in self.text_rules))

    def rewrite(self, text: str, counts: Counts) -> str:
        """Return the text after every text rule, and add what they did to `counts`. Raises: TooSlow naming the rule."""
        for rule in self.text_rules:
            try:
                text, done = rule.rewrite(text)
            except TooSlow as slow:
                raise TooSlow(slow.spent, rule.name) from None
            counts.update({f"{rule.name}.{what}": number for what, number in done.items() if number})
        return text

    def rewrite_title(self, title: str, counts: Counts) -> str:
        """Return a title after the text rules that are for titles."""
        if not self.text_rules:
            return title
        return replace(self, text_rules=tuple(rule for rule in self.text_rules if rule.is_for_titles)).rewrite(
            title, counts
        )

    def check(self, document: PreparedDocument) -> None:
        """Let every filter look, in order.

        Raises: Rejected with the first finding; its reason names the filter.
        """
        for rule in self.filters:
            try:
                finding = rule.refuse(document)
            except TooSlow as slow:
                raise TooSlow(slow.spent, rule.name) from None
            if finding:
                raise Rejected(finding.code, f"{rule.name}: {finding.reason}")


@dataclass(kw_only=True)
class Books:
    """What became of the documents of a run: in = kept + duplicates + rejects, or the run is wrong.

    `rejects` counts documents by code, `changes` what text rules did.
    """

    seen: int = 0
    kept: int = 0
    duplicates: int = 0
    rejects: Counts = field(default_factory=Counter)
    changes: Counts = field(default_factory=Counter)

    @property
    def balanced(self) -> bool:
        """Return whether every document is accounted for once."""
        return self.seen == self.kept + self.duplicates + self.rejects.total()

    def add(self, other: "Books") -> None:
        """Add another run's books, such as those of another worker."""
        self.seen += other.seen
        self.kept += other.kept
        self.duplicates += other.duplicates
        self.rejects.update(other.rejects)
        self.changes.update(other.changes)
