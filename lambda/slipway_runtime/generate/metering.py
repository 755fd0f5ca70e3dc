"""The steps that meter an exchange: its quota, and its entry in the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from slipway_runtime.generate.estimate import asked, written
from slipway_runtime.generate.events import Event, Headers, Started, TextDelta, ToolCallDelta, Usage
from slipway_runtime.generate.exchange import Exchange, Onward
from slipway_runtime.operate.feedback.given import Content
from slipway_runtime.operate.meter.entry import Entry
from slipway_runtime.operate.meter.meter import Meter


@dataclass(kw_only=True)
class Watched:
    """What passed of an answer, counted and not kept."""

    began: float = field(default_factory=time.monotonic)
    route: str = ""
    read: int = 0
    written: int = 0
    told: bool = False
    estimated: bool = False
    characters: int = 0
    first: float | None = None

    def see(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case Started():
                self.route = event.route
            case Usage():
                self.told, self.estimated = True, self.estimated or event.estimated
                self.read, self.written = self.read + event.input_tokens, self.written + event.output_tokens
            case TextDelta() | ToolCallDelta():
                self.first = self.first if self.first is not None else time.monotonic()
                self.characters += len(event.text if isinstance(event, TextDelta) else event.arguments)

    def used(self, exchange: Exchange) -> tuple[int, int, bool]:
        """Return the tokens read and written, and whether they are estimated since the model did not tell."""
        facts = exchange.facts
        if self.told or not self.route:
            return self.read + facts.read, self.written + facts.written, self.estimated
        return asked(exchange.request) + facts.read, written(self.characters) + facts.written, True


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """Reserves what an exchange may use, and settles what it used. `context_tokens`: of documents, where it has any."""

    meter: Meter
    context_tokens: int = 0

    def __call__(self, exchange: Exchange, onward: Onward) -> Iterator[Event]:
        """Yield the limits' headers and the answer's events. Raises: Refused."""
        reserved, stands = self.meter.reserve(exchange.tenant, exchange.id, self._estimate(exchange), exchange.deadline)
        watched, used = Watched(), 0
        try:
            if stands.headers:
                yield Headers(stands.headers)
            for event in onward(exchange):
                watched.see(event)
                yield event
        finally:
            read, written, _ = watched.used(exchange)
            used = read + written + exchange.facts.embedding_tokens
            self.meter.settle(reserved, used)

    def _estimate(self, exchange: Exchange) -> int:
        routes = (*exchange.alias.routes, *exchange.alias.fallback)
        longest = max(route.max_tokens for route in routes)
        wanted = min(exchange.request.sampling.max_tokens or longest, longest)
        return asked(exchange.request) + wanted + (self.context_tokens if exchange.documents else 0)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Writes the entry of an exchange when it has ended, however it did."""

    meter: Meter
    embedding_model: str = ""

    def __call__(self, exchange: Exchange, onward: Onward) -> Iterator[Event]:
        """Yield the events."""
        watched, ended = Watched(), "cut"
        said = list[str]() if self.meter.rules.content_days else None
        try:
            for event in onward(exchange):
                watched.see(event)
                ended = getattr(event, "reason", ended)
                if said is not None and isinstance(event, TextDelta):
                    said.append(event.text)
                yield event
        except Exception as error:
            ended = "refused" if getattr(error, "status", 500) < 500 else "failed"
            raise
        finally:
            entry = self._entry(exchange, watched, ended)
            self.meter.record(entry)
            if said:
                self.meter.keep(entry, _content(exchange, "".join(said)))

    def _entry(self, exchange: Exchange, watched: Watched, ended: str) -> Entry:
        facts, now = exchange.facts, time.monotonic()
        read, written, estimated = watched.used(exchange)
        answered = watched.route or exchange.alias.routes[0].name
        calls = [(answered, read - facts.read, written - facts.written)]
        calls += [(route, *tokens) for route, tokens in facts.beside.items()]
        costs = [self.meter.cost(*call) if sum(call[1:]) else 0 for call in calls]
        if facts.embedding_tokens:
            costs.append(self.meter.cost(self.embedding_model, facts.embedding_tokens, 0))
        source = facts.provenance
        return Entry(
            id=exchange.id,
            tenant=exchange.tenant,
            at=int(time.time()),
            user=exchange.user,
            alias=facts.alias or exchange.name,
            model=watched.route,
            ended=ended,
            cache=facts.cache,
            prompt=f"{source.prompt}@{source.version}" if source else "",
            prompt_label=source.label if source else "",
            experiment=source.experiment if source else "",
            arm=source.arm if source else 0,
            unit=source.unit if source else "",
            input_tokens=read,
            output_tokens=written,
            rewriter_tokens=facts.read + facts.written,
            embedding_tokens=facts.embedding_tokens,
            embedding_model=self.embedding_model if facts.embedding_tokens else "",
            cost_nanodollars=None if None in costs else sum(each or 0 for each in costs),
            milliseconds=round((now - watched.began) * 1000),
            first_token_milliseconds=None if watched.first is None else round((watched.first - watched.began) * 1000),
            estimated=estimated,
            chunks=tuple(facts.chunks),
            documents=tuple(dict.fromkeys(facts.documents)),
            conversation=str(exchange.wishes.get("conversation") or ""),
        )


def _content(exchange: Exchange, answer: str) -> Content:
    messages = exchange.facts.asked or exchange.request.messages
    return Content([{"role": each.role, "content": each.text} for each in messages], answer)
