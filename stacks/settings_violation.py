"""A broken rule between settings, and the error that carries all of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One broken rule: the key to blame, what was expected, what was found, and what to do about it."""

    key: tuple[str | int, ...]
    expected: str
    got: object
    remedy: str

    @property
    def text(self) -> str:
        """Return the violation as one line, without file and line number."""
        return f"{'.'.join(map(str, self.key))}: expected {self.expected}, got {self.got}. {self.remedy}"


class ImpossibleSettingsError(ValueError):
    """Settings that are each valid and do not go together; `violations` says which."""

    def __init__(self, found: list[Violation]) -> None:
        super().__init__("; ".join(violation.text for violation in found))
        self.violations = found
