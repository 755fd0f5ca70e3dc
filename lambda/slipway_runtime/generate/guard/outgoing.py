"""What goes out of an answer: its text and the arguments of its tool calls, through windows and Bedrock's guardrail.

Bedrock is asked for each BLOCK_CHARACTERS, one text unit of its price, so text waits for its block and not for the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from slipway_runtime.generate.events import ToolCallDelta
from slipway_runtime.generate.guard.bedrock_guardrail import BedrockGuardrail, Verdict
from slipway_runtime.generate.guard.policy import Action, Finding
from slipway_runtime.generate.guard.window import Window

BLOCK_CHARACTERS = 1_000


@dataclass(kw_only=True)
class Outgoing:
    """One answer. `calls` makes a window for a tool call; `bedrock` is None where it is not asked."""

    window: Window
    calls: Callable[[], Window]
    bedrock: BedrockGuardrail | None
    action: Action
    found: Callable[[Finding], None]
    query: str
    _stopped: bool = False
    _waiting: str = ""
    _sources: str = ""
    _per_call: dict[int, Window] = field(default_factory=dict)

    @property
    def blocked(self) -> bool:
        """Whether nothing more may be shown."""
        return self._stopped or self.window.blocked or any(each.blocked for each in self._per_call.values())

    def text(self, piece: str) -> str:
        """Return what of the text can be shown now. Raises: ApiError 503."""
        return "" if self.blocked else self._through_bedrock(self.window.add(piece), last=False)

    def call(self, piece: ToolCallDelta) -> Iterator[ToolCallDelta]:
        """Yield what of a tool call can be shown now."""
        window = self._per_call.setdefault(piece.index, self.calls())
        arguments = window.add(piece.arguments)
        if not self.blocked and (piece.id or arguments):
            yield msgspec.structs.replace(piece, arguments=arguments)

    def rest(self) -> tuple[str, list[ToolCallDelta]]:
        """Return what was held back, at the end. Raises: ApiError 503."""
        rest = "" if self.blocked else self._through_bedrock(self.window.end(), last=True)
        pieces = [ToolCallDelta(index, arguments=window.end()) for index, window in self._per_call.items()]
        return ("", []) if self.blocked else (rest, [each for each in pieces if each.arguments])

    def noted(self, fields: dict[str, Any]) -> None:
        """Keep what the documents said, by which Bedrock judges whether the answer rests on them."""
        if self.bedrock and (citations := fields.get("citations")):
            self._sources = "\n".join(each["text"] for each in citations)

    def _through_bedrock(self, piece: str, *, last: bool) -> str:
        if self.bedrock is None:
            return piece
        self._waiting += piece
        if not self._waiting or (len(self._waiting) < BLOCK_CHARACTERS and not last):
            return ""
        text, self._waiting = self._waiting, ""
        verdict = self.bedrock.check("OUTPUT", text, self._sources, self.query)
        if verdict.reasons and decided(verdict, self.action, "output", self.found) == "block":
            self._stopped = True
            return ""
        return verdict.text if self.action != "flag" else text


def decided(verdict: Verdict, action: Action, stage: Any, found: Callable[[Finding], None]) -> Action:
    """Tell a verdict, and return what is done: what Bedrock blocks cannot be redacted."""
    done: Action = "flag" if action == "flag" else "block" if verdict.blocks or action == "block" else "redact"
    for reason in verdict.reasons:
        found(Finding("bedrock", stage, done, reason))
    return done
