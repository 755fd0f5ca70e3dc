"""A filter that measures one thing and has one limit for it."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.prepare.rules.base import Filter, Finding
from slipway_runtime.prepare.rules.profile import Profile, profile

REMEDY = "mend the document, or change the limit in the rules of its source"


@dataclass(frozen=True, kw_only=True)
class Limit(Filter):
    """Refuses a document whose measure is beyond `limit`; `measured` says in words what that is."""

    measured: ClassVar[str]
    limit: float

    @abstractmethod
    def measure(self, document: Profile) -> float:
        """Return what is compared with the limit."""

    @abstractmethod
    def is_beyond(self, value: float) -> bool:
        """Return whether a value is refused."""

    @property
    @abstractmethod
    def bound(self) -> str:
        """Return "at least" or "at most"."""

    def refuse(self, document: PreparedDocument) -> Finding | None:
        """Return the finding with measure, limit and remedy, or None."""
        value = self.measure(profile(document))
        if not self.is_beyond(value):
            return None
        reason = f"{self.measured} is {value:.4g}, {self.bound} {self.limit:g} is wanted; {REMEDY}"
        return Finding(code="low_quality", reason=reason)


class AtLeast(Limit):
    """A limit that a document must reach."""

    bound = "at least"

    def is_beyond(self, value: float) -> bool:
        """Return whether a value is too small."""
        return value < self.limit


class AtMost(Limit):
    """A limit that a document must not pass."""

    bound = "at most"

    def is_beyond(self, value: float) -> bool:
        """Return whether a value is too large."""
        return value > self.limit
