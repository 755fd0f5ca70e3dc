"""The order of the steps, downwards with the request and upwards with the events; and what each may do."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from slipway_runtime.generate.conversation import Message, ModelRequest
from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.generate.events import Event, Finish, TextDelta, collect
from slipway_runtime.generate.exchange import Exchange, Onward, Steps
from slipway_runtime.generate.routes.table import Alias, Route
from slipway_runtime.operate.retry import Deadline

pytestmark = pytest.mark.capability("S7")
ORDER = ["record", "prompt", "quota", "guard", "memory", "cache", "guard_answer", "documents", "compress"]


def exchange() -> Exchange:
    request = ModelRequest(messages=(Message("user", "q"),))
    alias = Alias(routes=(Route(bedrock="m"),))
    return Exchange(tenant="t", user="u", name="x", alias=alias, request=request, deadline=Deadline.after(9))


def model(_exchange: Exchange) -> Iterator[Event]:
    yield TextDelta("yes")
    yield Finish("stop")


def test_the_steps_see_the_request_in_their_order_and_the_events_in_reverse() -> None:
    went: list[str] = []

    def step(name: str) -> Any:
        def take(exchange: Exchange, onward: Onward) -> Iterator[Event]:
            went.append(f"{name} in")
            for event in onward(exchange):
                went.append(f"{name} out")
                yield event

        return take

    assert [each.name for each in fields(Steps)] == [*ORDER, "model"]
    whole = collect(Steps(**{name: step(name) for name in ORDER}, model=model).answer(exchange()))
    assert whole.text == "yes"
    assert went[:9] == [f"{name} in" for name in ORDER]
    assert went[9:18] == [f"{name} out" for name in reversed(ORDER)]


def test_a_step_may_answer_by_itself_change_the_request_and_settle_after_an_error() -> None:
    seen: list[Any] = []

    def cache(_exchange: Exchange, _onward: Onward) -> Iterator[Event]:
        yield TextDelta("kept")

    def prompt(exchange: Exchange, onward: Onward) -> Iterator[Event]:
        return onward(replace(exchange, user="other"))

    def quota(exchange: Exchange, onward: Onward) -> Iterator[Event]:
        try:
            yield from onward(exchange)
        finally:
            seen.append("settled")

    def asked(exchange: Exchange) -> Iterator[Event]:
        seen.append(exchange.sticky)
        raise invalid("no", "x")
        yield TextDelta("")

    assert collect(Steps(cache=cache, model=asked).answer(exchange())).text == "kept"
    assert not seen
    with pytest.raises(ApiError, match="no"):
        collect(Steps(quota=quota, prompt=prompt, model=asked).answer(exchange()))
    assert seen == ["t/other", "settled"]


def test_a_reader_that_goes_away_settles_too() -> None:
    seen: list[str] = []

    def quota(exchange: Exchange, onward: Onward) -> Iterator[Event]:
        try:
            yield from onward(exchange)
        finally:
            seen.append("settled")

    events = Steps(quota=quota, model=model).answer(exchange())
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert seen == ["settled"]
