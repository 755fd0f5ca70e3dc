"""The text rule that puts a placeholder where personal data and secrets were."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from slipway_runtime.prepare.redact.addresses import find_emails, find_ip_v6
from slipway_runtime.prepare.redact.broken import BREAK, without_tags
from slipway_runtime.prepare.redact.keys import find_aws_keys, find_secrets
from slipway_runtime.prepare.redact.numbers import find_numbers
from slipway_runtime.prepare.redact.seen import Seen
from slipway_runtime.prepare.redact.span import Kind, Span, resolve
from slipway_runtime.prepare.rules.base import Counts, TextRule

Placeholders = Literal["typed", "numbered"]
# What one finding hid from the patterns may be a finding of its own once that is gone. Each round is linear.
MAX_ROUNDS = 8
# Beyond a break beside a finding: what may be another part of a broken number.
BESIDE = 12
MORE_BEFORE = re.compile(rf"[0-9]{BREAK}\Z")
MORE_AFTER = re.compile(rf"[.,;)]?{BREAK}[0-9]")
# A short number between words beside a finding has too few digits to be part of another.
SHORT_BEFORE = re.compile(r"[a-z] [0-9]{1,4} \Z")
SHORT_AFTER = re.compile(r" [0-9]{1,4} [a-z]")
HIDDEN = "\x1f"  # stands for what was found, character by character, so that offsets hold
FindNames = Callable[[str], list[Span]]


@dataclass(frozen=True, kw_only=True)
class Redact(TextRule):
    """Replaces each finding by its kind, "[EMAIL]", or numbered by its value within the document, "[EMAIL_1]".

    Redacting twice changes nothing. `find_names` asks a service; its errors are those of the document.
    """

    name: ClassVar[str] = "redact"
    kinds: frozenset[Kind]
    placeholders: Placeholders = "typed"
    find_names: FindNames | None = None
    numbers: dict[Kind, dict[str, int]] = field(default_factory=dict)

    def fresh(self) -> "Redact":
        """Return this rule with no value numbered yet."""
        return Redact(kinds=self.kinds, placeholders=self.placeholders, find_names=self.find_names)

    def rewrite(self, text: str) -> tuple[str, Counts]:
        """Return the text with placeholders, and how many of each kind. Raises: the errors of `find_names`."""
        counts: Counts = Counter()
        names: FindNames | None = self.find_names if "name" in self.kinds else None
        for _ in range(MAX_ROUNDS):
            found = resolve(self._find(text))
            if not found:
                break
            text, is_settled = self._replace(text, found, counts)
            if is_settled:
                break
        # Last, so that the service is sent what is left and nothing else.
        if names is not None and (found := resolve(names(text))):
            text, _ = self._replace(text, found, counts)
        return text, counts

    def spans(self, text: str) -> list[Span]:
        """Return what would be replaced, in order; names are not looked for."""
        spans: list[Span] = []
        for _ in range(MAX_ROUNDS):
            found = resolve(self._find(text))
            if not found:
                break
            spans += found
            for start, end, _kind in found:
                text = f"{text[:start]}{HIDDEN * (end - start)}{text[end:]}"
        return sorted(spans)

    def _find(self, text: str) -> Iterator[Span]:
        seen = Seen(text)
        return seen.place(self._detect(without_tags(seen.text)))

    def _detect(self, text: str) -> Iterator[Span]:
        if "email" in self.kinds:
            yield from find_emails(text)
        if "aws_key" in self.kinds:
            yield from find_aws_keys(text)
        if "secret" in self.kinds:
            yield from find_secrets(text)
        if "ip" in self.kinds:
            yield from find_ip_v6(text)
        yield from find_numbers(text, self.kinds)

    def _replace(self, text: str, found: list[Span], counts: Counts) -> tuple[str, bool]:
        """Return the text with placeholders, and whether nothing beside one of them can be read anew."""
        parts, at, is_settled = [], 0, True
        for start, end, kind in found:
            parts += [text[at:start], self._placeholder(kind, text[start:end])]
            is_settled = is_settled and _is_quiet(text[max(0, start - BESIDE) : start], text[end : end + BESIDE])
            counts[kind] += 1
            at = end
        return "".join([*parts, text[at:]]), is_settled

    def _placeholder(self, kind: Kind, value: str) -> str:
        if self.placeholders == "typed":
            return f"[{kind.upper()}]"
        known = self.numbers.setdefault(kind, {})
        same = "".join(filter(str.isalnum, Seen(value).text)).casefold()
        return f"[{kind.upper()}_{known.setdefault(same, len(known) + 1)}]"


def _is_quiet(before: str, after: str) -> bool:
    """Return whether a finding stands alone, between blanks with no digit beyond: then it hid nothing."""
    if before and (
        before[-1] not in " \n(\"'=>:"
        or (before[-2:-1].isdigit() and not SHORT_BEFORE.search(before))
        or (("\n" in before or "|" in before) and MORE_BEFORE.search(before))
    ):
        return False
    if not after:
        return True
    if after[0] == "/":
        return after[1:2].isalpha()
    return after[0] in " \n.,;)\"'<@" and not (
        (after[1:2].isdigit() and not SHORT_AFTER.match(after))
        or after[1:2] in ("(", "+")
        or (("\n" in after or "|" in after) and MORE_AFTER.match(after))
    )
