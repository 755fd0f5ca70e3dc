"""Aliases to routes: the weights, the same route for the same user, retries, breakers, and who stands in when."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from slipway_runtime.generate.backends import protocol
from slipway_runtime.generate.conversation import Message, ModelRequest, Sampling
from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.generate.events import Event, Finish, Started, TextDelta, Usage, collect
from slipway_runtime.generate.routes.breaker import Breaker, Breakers
from slipway_runtime.generate.routes.choice import order
from slipway_runtime.generate.routes.router import Router
from slipway_runtime.generate.routes.table import Alias, InvalidTable, Route, read
from slipway_runtime.operate.retry import Deadline

pytestmark = pytest.mark.capability("S6")
A, B, C = (Route(bedrock=f"m.{name}") for name in "abc")
REQUEST = ModelRequest(messages=(Message("user", "q"),))


class Scripted:
    """Backends by route; each plays its script, the last entry again and again."""

    def __init__(self, **scripts: list[Any]) -> None:
        self.scripts = {f"m.{name}": script for name, script in scripts.items()}
        self.asked: list[str] = []
        self.requests: list[ModelRequest] = []
        self.refused: dict[str, ApiError] = {}

    def __call__(self, route: Route) -> Any:
        scripted = self

        class One:
            def refuses(self, request: ModelRequest) -> ApiError | None:
                return scripted.refused.get(route.bedrock)

            def stream(self, request: ModelRequest) -> Iterator[Event]:
                scripted.asked.append(route.bedrock[2:])
                scripted.requests.append(request)
                script = scripted.scripts[route.bedrock]
                for step in script.pop(0) if len(script) > 1 else script[0]:
                    if isinstance(step, Exception):
                        raise step
                    if not isinstance(step, Event):
                        step.wait(30)
                        continue
                    yield step

        return One()


GOOD = [TextDelta("yes"), Finish("stop"), Usage(1, 1)]


def router(scripted: Scripted, **more: Any) -> Router:
    return Router(backend=scripted, sleep=lambda _seconds: None, **more)


def run(router: Router, alias: Alias, seconds: float = 30, request: ModelRequest = REQUEST) -> list[Event]:
    return list(router.stream("x", alias, request, "", Deadline.after(seconds)))


def test_users_are_spread_by_weight_and_stay() -> None:
    alias = Alias(routes=(Route(bedrock="m.a", weight=3), Route(bedrock="m.b", weight=1)))
    chosen = {f"user-{n}": order("x", alias, f"user-{n}")[0].bedrock for n in range(4000)}
    assert Counter(chosen.values())["m.a"] / 4000 == pytest.approx(0.75, abs=0.03)
    assert chosen == {user: order("x", alias, user)[0].bedrock for user in chosen}
    assert chosen != {user: order("y", alias, user)[0].bedrock for user in chosen}, "another alias is another draw"
    assert {order("x", alias, "")[0].bedrock for _ in range(200)} == {"m.a", "m.b"}


def test_the_fallback_keeps_its_order() -> None:
    alias = Alias(routes=(A,), fallback=(C, A, B))
    assert order("x", alias, "u") == [A, C, B]


@pytest.mark.parametrize(
    "error", [protocol.throttled(), protocol.unavailable(), protocol.denied(), protocol.cut(), protocol.malformed("x")]
)
def test_another_route_stands_in_before_the_first_piece(error: ApiError) -> None:
    scripted = Scripted(a=[[error]], b=[GOOD])
    events = run(router(scripted), Alias(routes=(A,), fallback=(B,)))
    assert events == [Started("bedrock:m.b"), *GOOD]
    assert scripted.asked == (["a", "a", "b"] if error.transient else ["a", "b"])


def test_after_the_first_piece_the_error_is_the_answers() -> None:
    scripted = Scripted(a=[[TextDelta("half"), protocol.cut()]], b=[GOOD])
    seen: list[Event] = []
    with pytest.raises(ApiError) as caught:
        seen.extend(router(scripted).stream("x", Alias(routes=(A,), fallback=(B,)), REQUEST, "", Deadline.after(9)))
    assert caught.value.code == "model_stream_cut"
    assert scripted.asked == ["a"]


def test_the_last_routes_error_is_told() -> None:
    scripted = Scripted(a=[[protocol.unavailable()]], b=[[protocol.throttled()]])
    with pytest.raises(ApiError) as caught:
        run(router(scripted), Alias(routes=(A,), fallback=(B,)))
    assert (caught.value.status, caught.value.code) == (429, "rate_limit_exceeded")
    assert scripted.asked == ["a"] * 2 + ["b"] * 6


def test_a_slow_route_costs_its_time_and_another_answers() -> None:
    import threading

    never = threading.Event()
    slow = Route(bedrock="m.a", timeout_seconds=0.2)
    scripted = Scripted(a=[[never]], b=[GOOD])
    assert run(router(scripted), Alias(routes=(slow,), fallback=(B,)))[0] == Started("bedrock:m.b")
    with pytest.raises(ApiError) as caught:
        run(router(scripted), Alias(routes=(slow,)), seconds=0.3)
    assert caught.value.code == "model_timeout"
    never.set()


def test_a_stream_that_stalls_ends_at_the_deadline() -> None:
    import threading

    never = threading.Event()
    scripted = Scripted(a=[[TextDelta("half"), never]])
    with pytest.raises(ApiError, match="in time"):
        run(router(scripted), Alias(routes=(A,)), seconds=0.5)
    never.set()


def test_silence_is_told_so_that_connections_stay_open(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from slipway_runtime.generate.events import Silence
    from slipway_runtime.generate.routes import paced

    monkeypatch.setattr(paced, "KEEP_ALIVE_SECONDS", 0.05)
    gate = threading.Event()
    events = router(Scripted(a=[[TextDelta("a"), gate, Finish("stop")]])).stream(
        "x", Alias(routes=(A,)), REQUEST, "", Deadline.after(30)
    )
    assert [next(events), next(events), next(events)] == [Started("bedrock:m.a"), TextDelta("a"), Silence()]
    gate.set()
    assert Finish("stop") in list(events)


def test_a_breaker_leaves_a_failing_route_alone_and_tries_it_again() -> None:
    now = [0.0]
    breakers = Breakers(make=lambda: Breaker(failures=2, open_seconds=10, now=lambda: now[0]))
    down, alias = protocol.denied(), Alias(routes=(A,), fallback=(B,))
    scripted = Scripted(a=[[down]], b=[GOOD])
    asking = router(scripted, breakers=breakers)
    for _ in range(4):
        run(asking, alias)
    assert Counter(scripted.asked) == {"a": 2, "b": 4}
    now[0] = 11
    run(asking, alias)  # half-open: one probe, which fails
    run(asking, alias)
    assert Counter(scripted.asked)["a"] == 3
    now[0], scripted.scripts["m.a"] = 22, [GOOD]
    assert [run(asking, alias)[0] for _ in range(3)] == [Started("bedrock:m.a")] * 3


def test_a_route_that_nothing_stands_in_for_is_always_asked() -> None:
    asking = router(Scripted(a=[[protocol.denied()]]), breakers=Breakers(make=lambda: Breaker(failures=1)))
    for _ in range(3):
        with pytest.raises(ApiError, match="may not use"):
            run(asking, Alias(routes=(A,)))


def test_a_route_that_cannot_serve_a_request_is_passed_over() -> None:
    scripted = Scripted(a=[GOOD], b=[GOOD])
    scripted.refused = {"m.a": invalid("no seed here", "seed")}
    assert run(router(scripted), Alias(routes=(A,), fallback=(B,)))[0] == Started("bedrock:m.b")
    with pytest.raises(ApiError, match="no seed here"):
        router(scripted).check(Alias(routes=(A,)), REQUEST)


def test_a_routes_parameters_stand_in_where_a_request_says_nothing() -> None:
    route = Route(bedrock="m.a", temperature=0.2, top_p=0.5, stop=("END",), max_tokens=100)
    scripted = Scripted(a=[GOOD])
    run(router(scripted), Alias(routes=(route,)))
    asked = ModelRequest(messages=REQUEST.messages, sampling=Sampling(max_tokens=900, temperature=1, stop=("X",)))
    run(router(scripted), Alias(routes=(route,)), request=asked)
    assert [each.sampling for each in scripted.requests] == [
        Sampling(max_tokens=100, temperature=0.2, top_p=0.5, stop=("END",)),
        Sampling(max_tokens=100, temperature=1, top_p=0.5, stop=("X",)),
    ]
    assert collect(run(router(scripted), Alias(routes=(route,)))).text == "yes"


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"x": {"routes": []}}', '{"x": {"routes": [{}]}}', '{"x": {"routes": [{"weight": "a"}]}}']
)
def test_what_is_no_table_is_said_so(text: str) -> None:
    with pytest.raises(InvalidTable):
        read(text)


class Slow:
    """What a script waits for: a model that thinks for a while."""

    def wait(self, _seconds: float) -> None:
        time.sleep(0.5)


def test_a_whole_answer_is_one_piece_and_may_take_the_time_of_the_exchange() -> None:
    alias = Alias(routes=(Route(bedrock="m.a", timeout_seconds=0.1),))
    scripted = Scripted(a=[[Slow(), *GOOD]])
    assert collect(run(router(scripted), alias)).text == "yes"
    with pytest.raises(ApiError) as late:
        run(router(scripted), alias, request=msgspec.structs.replace(REQUEST, streamed=True))
    assert late.value.code == "model_timeout"


def test_a_whole_answer_leaves_time_for_the_routes_that_stand_in() -> None:
    hung = threading.Event()
    alias = Alias(routes=(Route(bedrock="m.a", timeout_seconds=0.1),), fallback=(B,))
    scripted = Scripted(a=[[hung, *GOOD]], b=[[Slow(), *GOOD]])
    events = run(router(scripted), alias, seconds=6)
    hung.set()
    assert events[0] == Started(B.name)
