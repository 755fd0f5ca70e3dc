"""The guard as two steps of an exchange: the request is checked before it goes on, the answer while it comes.

Between the two stands what keeps questions and answers, so that nothing is kept which was not let through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from slipway_runtime.generate.conversation import ModelRequest
from slipway_runtime.generate.events import Event, Finish, Note, TextDelta, ToolCallDelta
from slipway_runtime.generate.exchange import Exchange, Onward
from slipway_runtime.generate.guard.bedrock_guardrail import BedrockGuardrail
from slipway_runtime.generate.guard.detectors import flagging, of_output
from slipway_runtime.generate.guard.outgoing import Outgoing
from slipway_runtime.generate.guard.policy import GUARD, Finding, Policy
from slipway_runtime.generate.guard.request import guarded
from slipway_runtime.generate.guard.system_prompt import hidden_text, with_canary
from slipway_runtime.generate.guard.tell import tell
from slipway_runtime.generate.guard.visible import visible
from slipway_runtime.generate.guard.window import Window


@dataclass(kw_only=True)
class Run:
    """What was found in one exchange."""

    policy: Policy
    findings: dict[Finding, None] = field(default_factory=dict)

    def found(self, finding: Finding) -> None:
        """Take a finding in; the same one is told once."""
        if finding not in self.findings:
            self.findings[finding] = None
            tell(finding, self.policy.version)

    @property
    def told(self) -> list[Any]:
        """Return the findings as an answer tells them."""
        return [msgspec.to_builtins(each) for each in self.findings]

    def note(self, findings: list[Any]) -> dict[str, Any]:
        """Return what the answer says under `slipway.guard`."""
        return {GUARD: {"policy": self.policy.version, "findings": findings}}


@dataclass(frozen=True, kw_only=True)
class Guard:
    """`policy` returns a tenant's; `bedrock` is None where the environment has no guardrail of Bedrock."""

    policy: Callable[[str], Policy]
    bedrock: BedrockGuardrail | None = None

    def request(self, exchange: Exchange, onward: Onward) -> Iterator[Event]:
        """Check the request, and yield the answer's events.

        Raises: ApiError 400 content_blocked, 503 guardrail_unavailable.
        """
        with visible("the guard could not check the request"):
            run = Run(policy=self.policy(exchange.tenant))
            request = guarded(exchange.request, run.policy, run.found, self.bedrock)
        exchange.facts.asked = request.messages
        guard = f"{run.policy.version}/{self.bedrock.version if self.bedrock else ''}"
        yield from _told(onward(replace(exchange, request=request, guard=guard)), run)

    def answer(self, exchange: Exchange, onward: Onward) -> Iterator[Event]:
        """Yield the answer's events as far as they may be shown. Raises: ApiError 503 guardrail_unavailable."""
        with visible("the guard could not check the answer"):
            run = Run(policy=self.policy(exchange.tenant))
            out, request = self._out(exchange.request, run), exchange.request
            if run.policy.canary.output != "off":
                request = with_canary(request)
        yield from _checked(onward(replace(exchange, request=request)), out, run)

    def _out(self, request: ModelRequest, run: Run) -> Outgoing:
        told = "\n".join(message.text for message in request.messages if message.role == "user")
        detectors = of_output(run.policy, hidden_text(request), told)
        calls = flagging(detectors)
        return Outgoing(
            window=Window(detectors=detectors, found=run.found),
            calls=lambda: Window(detectors=calls, found=run.found),
            bedrock=self.bedrock if run.policy.bedrock.output != "off" else None,
            action=run.policy.bedrock.output,
            found=run.found,
            query=told,
        )


def _told(events: Iterator[Event], run: Run) -> Iterator[Event]:
    """Yield the events; what was found in the request is told before what was found in the answer, or at its end."""
    told = not run.findings
    for event in events:
        if not told and isinstance(event, Note) and GUARD in event.fields:
            told = True
            yield Note(event.fields | run.note(run.told + event.fields[GUARD]["findings"]))
            continue
        if not told and isinstance(event, Finish):
            yield Note(run.note(run.told))
        yield event


def _checked(events: Iterator[Event], out: Outgoing, run: Run) -> Iterator[Event]:
    """Yield the events as far as they may be shown. Of an answer that was stopped the rest is read, for its usage."""
    below: list[Any] = []
    for event in events:
        with visible("the guard could not check the answer"):
            shown = [*_shown(event, out, run, below)]
        yield from shown


def _shown(event: Event, out: Outgoing, run: Run, below: list[Any]) -> Iterator[Event]:
    match event:
        case TextDelta():
            if piece := out.text(event.text):
                yield TextDelta(piece)
        case ToolCallDelta():
            yield from out.call(event)
        case Note() if GUARD in event.fields:
            below += event.fields[GUARD]
        case Finish():
            rest, calls = out.rest()
            if rest:
                yield TextDelta(rest)
            yield from calls
            if findings := run.told + below:
                yield Note(run.note(findings))
            yield Finish("content_filter" if out.blocked else event.reason)
        case Note():
            out.noted(event.fields)
            if not out.blocked:
                yield event
        case _:
            yield event
