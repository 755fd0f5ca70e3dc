"""The local detectors of an answer, each as a window asks it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from slipway_runtime.generate.guard import personal_data
from slipway_runtime.generate.guard.lexicon import ABUSE
from slipway_runtime.generate.guard.phrases import Phrases
from slipway_runtime.generate.guard.policy import Action, Policy
from slipway_runtime.generate.guard.system_prompt import Echo, canary
from slipway_runtime.generate.guard.window import Detector, Stretch
from slipway_runtime.prepare.redact.redact import Redact


@dataclass(frozen=True)
class PersonalData:
    """Personal data and secrets of some kinds."""

    action: Action
    finder: Redact

    def find(self, text: str, since: int) -> Iterator[Stretch]:
        """Yield what is found."""
        for span in self.finder.spans(text):
            if span.end > since:
                instead = personal_data.placeholder(span)
                yield Stretch(span.start, span.end, "personal_data", span.kind, self.action, instead)

    def settled(self, text: str) -> int:
        """Return a place in a text that ends after a word."""
        return personal_data.settled(text)


@dataclass(frozen=True)
class Words:
    """Phrases of denied topics, or of abuse."""

    detector: str
    action: Action
    phrases: Phrases

    def find(self, text: str, since: int) -> Iterator[Stretch]:
        """Yield what is found."""
        for start, end, name in self.phrases.find(text):
            if end > since:
                yield Stretch(start, end, self.detector, name, self.action, "[REMOVED]")

    def settled(self, text: str) -> int:
        """Return a place in a text that ends after a word."""
        return self.phrases.settled(text)


@dataclass(frozen=True)
class Canary:
    """The word that stands in the system prompt and nowhere else."""

    action: Action
    word: str

    def find(self, text: str, since: int) -> Iterator[Stretch]:
        """Yield what is found."""
        at = text.casefold().find(self.word)
        if at >= 0 and at + len(self.word) > since:
            yield Stretch(at, at + len(self.word), "canary", "system prompt", self.action, "[REMOVED]")

    def settled(self, text: str) -> int:
        """Return a place in a text that ends after a word: the canary is one."""
        return len(text)


@dataclass(frozen=True)
class Repeated:
    """Stretches of the system prompt."""

    action: Action
    echo: Echo

    def find(self, text: str, since: int) -> Iterator[Stretch]:
        """Yield what is found."""
        for start, end, _ in self.echo.find(text, since):
            yield Stretch(start, end, "echo", "system prompt", self.action, "[REMOVED]")

    def settled(self, text: str) -> int:
        """Return a place in a text that ends after a word."""
        return self.echo.settled(text)


def of_output(policy: Policy, hidden: str, told: str) -> list[Detector]:
    """Return the detectors of an answer: `hidden` is what the system messages say, `told` what the user wrote."""
    found: list[Detector] = []
    if hidden and policy.canary.output != "off":
        found.append(Canary(policy.canary.output, canary(hidden)))
    if hidden and policy.echo.output != "off":
        found.append(Repeated(policy.echo.output, Echo(hidden, told)))
    if policy.personal_data.output != "off":
        found.append(PersonalData(policy.personal_data.output, personal_data.finder(policy.personal_kinds)))
    return found + words(policy, policy.denied_topics.output, policy.toxicity.output)


def flagging(detectors: list[Detector]) -> list[Detector]:
    """Return them for arguments of tool calls, where a placeholder may break the JSON: what they redact is told."""
    return [_flagging(each) if each.action == "redact" else each for each in detectors]


def _flagging(detector: Any) -> Detector:
    flags: Detector = replace(detector, action="flag")
    return flags


def words(policy: Policy, topics: Action, toxicity: Action) -> list[Detector]:
    """Return the detectors of denied topics and of abuse, with what each does."""
    found: list[Detector] = []
    if policy.topics and topics != "off":
        found.append(Words("denied_topics", topics, _topics(tuple(sorted(policy.topics.items())))))
    if toxicity != "off":
        found.append(Words("toxicity", toxicity, _abuse()))
    return found


@functools.lru_cache(maxsize=64)
def _topics(topics: tuple[tuple[str, tuple[str, ...]], ...]) -> Phrases:
    return Phrases(dict(topics))


@functools.cache
def _abuse() -> Phrases:
    return Phrases({"abuse": ABUSE})
