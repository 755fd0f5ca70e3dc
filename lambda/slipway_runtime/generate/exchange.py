"""One exchange: the order of its steps, from the request to the model and back.

A step takes the exchange and what comes after it, and returns the answer's events: it may change the request on the way
in, answer by itself, look at the events on the way out, and do something when they have ended, in any way. Each step is
a library of its own that knows no Lambda; here is only their order.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from slipway_runtime.generate.conversation import ModelRequest
from slipway_runtime.generate.events import Event
from slipway_runtime.generate.facts import Facts
from slipway_runtime.generate.routes.router import Router
from slipway_runtime.generate.routes.table import Alias
from slipway_runtime.operate.meter.entry import identifier
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.filters import Filter
from slipway_runtime.retrieve.stores.contract import Hit


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Who asks what of which alias, and until when. `documents`: answer from them; `wishes`: the rest of `slipway`.

    `facts`: what the steps tell of it, for its record. `guard`: the version of the policy that it is held to.
    `contexts` are the chunks that stand in the last message, for the `question` there, once they are retrieved.
    """

    tenant: str
    user: str
    name: str
    alias: Alias
    request: ModelRequest
    deadline: Deadline
    documents: bool = False
    filter: Filter | None = None
    wishes: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=identifier)
    facts: Facts = field(default_factory=Facts)
    guard: str = ""
    contexts: tuple[Hit, ...] = ()
    question: str = ""

    @property
    def sticky(self) -> str:
        """Return whom a choice of routes sticks to, "" for nobody; users of two tenants are two users."""
        return f"{self.tenant}/{self.user}" if self.user else ""


Onward = Callable[[Exchange], Iterator[Event]]
Step = Callable[[Exchange, Onward], Iterator[Event]]


def passes(exchange: Exchange, onward: Onward) -> Iterator[Event]:
    """Do nothing: the step of an environment that does not have it."""
    return onward(exchange)


def within(outer: Step, inner: Step) -> Step:
    """Return two steps as one."""
    return lambda exchange, onward: outer(exchange, functools.partial(_take, inner, onward))


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The steps, outermost first. The request passes them downwards, the events of the answer upwards."""

    record: Step = passes  # when it has ended: metrics, the ledger's entry, the record that feedback joins
    prompt: Step = passes  # puts the catalogue's prompt and its variables in place, which the quota then counts
    quota: Step = passes  # reserves tokens before the model is called, settles what was used
    guard: Step = passes  # looks at the request; nothing that it has not let through is kept below
    memory: Step = passes  # puts the conversation's turns before the question, keeps the new ones
    cache: Step = passes  # answers what was answered before
    guard_answer: Step = passes  # looks at the answer while it comes; nothing that it holds back is kept above
    documents: Step = passes  # retrieves, puts the chunks into the prompt, checks the citations
    compress: Step = passes  # trims the chunks to the token budget
    model: Onward

    def answer(self, exchange: Exchange) -> Iterator[Event]:
        """Return the events of the answer. Raises, while they are read: ApiError, and what the steps' parts raise."""
        onward = self.model
        for name in reversed([each.name for each in fields(self)][:-1]):
            onward = functools.partial(_take, getattr(self, name), onward)
        return onward(exchange)


def _take(step: Step, onward: Onward, exchange: Exchange) -> Iterator[Event]:
    return step(exchange, onward)


@dataclass(frozen=True, kw_only=True)
class AskModel:
    """The innermost step: the routes of the alias."""

    router: Router

    def __call__(self, exchange: Exchange) -> Iterator[Event]:
        """Return the events of the route that answers. Raises: ApiError."""
        return self.router.stream(exchange.name, exchange.alias, exchange.request, exchange.sticky, exchange.deadline)
