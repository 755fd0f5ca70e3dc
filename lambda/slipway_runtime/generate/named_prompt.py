"""The step that puts a prompt of the catalogue in place: messages before the request's own, alias and parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from slipway_runtime.generate.conversation import JsonFormat, Message, ModelRequest
from slipway_runtime.generate.errors import invalid
from slipway_runtime.generate.events import Collected, Event, Note, TextDelta
from slipway_runtime.generate.exchange import Exchange, Onward
from slipway_runtime.generate.prompts.resolve import Caller, Resolved, Resolver
from slipway_runtime.generate.prompts.structured import split
from slipway_runtime.generate.routes.table import Alias

SAMPLING = ("max_tokens", "temperature", "top_p", "stop")


@dataclass(frozen=True, kw_only=True)
class NamedPrompt:
    """Resolves `slipway.prompt`. `check` raises for what no route of an alias can do."""

    resolver: Callable[[], Resolver]
    alias: Callable[[str], Alias]
    check: Callable[[Alias, ModelRequest], None]

    def __call__(self, exchange: Exchange, onward: Onward) -> Iterator[Event]:
        """Yield the answer's events, and a note of the version that was used. Raises: ApiError, EmbeddingError."""
        named, variables = exchange.wishes.get("prompt"), exchange.wishes.get("variables")
        if not named:
            if variables:
                raise invalid("'variables' are those of a prompt, which 'slipway.prompt' names.", "slipway.variables")
            yield from onward(exchange)
            return
        conversation = str(exchange.wishes.get("conversation") or "")
        caller = Caller(tenant=exchange.tenant, user=exchange.user, conversation=conversation)
        found = self.resolver().resolve(caller, named, variables or {}, exchange.deadline)
        filled = self._filled(exchange, found)
        self.check(filled.alias, filled.request)
        source = found.provenance
        exchange.facts.provenance, exchange.facts.alias = source, filled.name
        exchange.facts.asked = filled.request.messages
        yield Note({"prompt": {"name": source.prompt, "version": source.version, "label": source.label}})
        yield from _reasoned(onward(filled)) if found.reasoning else onward(filled)

    def _filled(self, exchange: Exchange, found: Resolved) -> Exchange:
        request = exchange.request
        before = tuple(Message(each.role, each.content) for each in found.messages)
        messages = (*before, *request.messages)
        if messages[-1].role not in ("user", "tool"):
            raise invalid("The prompt ends without a user's message; give one in 'messages'.", "messages")
        own = msgspec.structs.asdict(request.sampling)
        # 0 is a temperature that was asked for.
        given = {
            name: value for name, value in found.parameters.items() if name in SAMPLING and own[name] in (None, ())
        }
        if "stop" in given:
            given["stop"] = tuple(given["stop"])
        name = found.alias or exchange.name
        alias = self.alias(name) if found.alias else exchange.alias
        documents = bool(exchange.wishes.get("documents", alias.grounded))
        if documents and request.asks_for_tools:
            raise invalid("Tools are not supported in answers from documents.", "tools", "unsupported_parameter")
        return replace(
            exchange,
            name=name,
            alias=alias,
            documents=documents,
            request=msgspec.structs.replace(
                request,
                messages=messages,
                sampling=msgspec.structs.replace(request.sampling, **given),
                format=request.format or _format(found.parameters.get("response_format")),
            ),
        )


def _format(wanted: Mapping[str, Any] | None) -> JsonFormat | None:
    if wanted is None:
        return None
    schema = wanted["json_schema"]
    return JsonFormat(schema["schema"], schema["name"], schema.get("strict"))


def _reasoned(events: Iterator[Event]) -> Iterator[Event]:
    """Take the reasoning out of the answer, which for this comes in one piece; it stands in a note."""
    whole, held = Collected(), list[Event]()
    for event in events:
        whole.add(event)
        if isinstance(event, TextDelta):
            continue
        held.append(event)
        if type(event).__name__ in ("Started", "Headers", "Silence"):
            yield held.pop()
    parts = split(whole.whole().text)
    yield TextDelta(parts.answer)
    if parts.reasoning:
        yield Note({"reasoning": parts.reasoning})
    yield from held
