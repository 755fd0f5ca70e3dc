"""The sources of a corpus: which rules the documents of a key go through, and among which they are compared."""

from dataclasses import dataclass

from slipway_runtime.operate.clients import client
from slipway_runtime.prepare.rules.base import RuleSet
from slipway_runtime.prepare.rules.build import RuleSets
from slipway_runtime.prepare.rules.settings import read


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The sources of an environment."""

    rule_sets: RuleSets

    @classmethod
    def of(cls, document: str) -> "Sources":
        """Return the sources that the JSON of an environment's rules describes.

        Raises: msgspec.DecodeError if it is none; nothing goes on without the rules that it was to have.
        """
        return cls(rule_sets=RuleSets(settings=read(document), comprehend=lambda: client("comprehend")))

    def rules(self, key: str) -> RuleSet:
        """Return the rule set of an object key."""
        return self.rule_sets.of(key)

    def name(self, key: str) -> str:
        """Return the source of a valid key: its prefix without "/" at the end, or its tenant where none is listed."""
        fitting = [source.prefix for source in self.rule_sets.settings.sources if key.startswith(source.prefix)]
        return max(fitting, key=len).rstrip("/") if fitting else key.partition("/")[0]
