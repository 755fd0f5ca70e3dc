"""Asks the routes of an alias, one after the other, until one answers.

Another route stands in only before the first piece of an answer: after it, half an answer of one model would go on with
another's. Sources: AWS Builders' Library, "Timeouts, retries, and backoff with jitter"; OpenAI API reference,
"Streaming" (an error in a stream is an event).
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec

from slipway_runtime.generate.backends.protocol import Backend, BackendError, too_slow
from slipway_runtime.generate.conversation import ModelRequest
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.estimate import counted
from slipway_runtime.generate.events import Event, Started
from slipway_runtime.generate.routes.breaker import Breaker, Breakers
from slipway_runtime.generate.routes.choice import order
from slipway_runtime.generate.routes.paced import paced
from slipway_runtime.generate.routes.table import Alias, Route
from slipway_runtime.operate.observability import count, logger
from slipway_runtime.operate.retry import Deadline

# A place that another can stand in for is asked twice, the last one as long as there is time.
ATTEMPTS_BEFORE_FALLBACK = 2
ATTEMPTS_AT_LAST = 6
BASE_SECONDS = 0.3
CAP_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Router:
    """`backend` returns the backend of a route; it is asked once for each attempt."""

    backend: Callable[[Route], Backend]
    breakers: Breakers = field(default_factory=Breakers)
    sleep: Callable[[float], None] = time.sleep

    def stream(self, name: str, alias: Alias, request: ModelRequest, user: str, deadline: Deadline) -> Iterator[Event]:
        """Yield the events of the first route that answers, `Started` before them.

        Raises: ApiError: 400 where no route can serve the request, else what the last route said.
        """
        routes = self._able(order(name, alias, user), request)
        refused: ApiError = too_slow()
        for position, route in enumerate(routes):
            last = position == len(routes) - 1
            breaker = self.breakers.of(route.name)
            # Nothing stands in for the last one: to ask it can only help.
            if not breaker.admits() and not last:
                count("RoutesSkipped")
                continue
            attempts = ATTEMPTS_AT_LAST if last else ATTEMPTS_BEFORE_FALLBACK
            try:
                first, rest = self._begun(route, request, attempts, deadline, left=len(routes) - position)
            except BackendError as error:
                breaker.failed() if error.elsewhere and error.status != 400 else breaker.succeeded()
                if not error.elsewhere or last:
                    raise
                self._note(route, error)
                refused = error
                continue
            yield Started(route.name)
            yield from counted(_watched(itertools.chain(first, rest), breaker), request)
            return
        raise refused

    def check(self, alias: Alias, request: ModelRequest) -> None:
        """Check that a route can serve the request. Raises: ApiError 400 naming what none of them has."""
        self._able([*alias.routes, *alias.fallback], request)

    def _able(self, routes: list[Route], request: ModelRequest) -> list[Route]:
        refusals = [(route, self.backend(route).refuses(request)) for route in routes]
        able = [route for route, refusal in refusals if refusal is None]
        if not able and refusals[0][1] is not None:
            raise refusals[0][1]
        return able

    def _begun(
        self, route: Route, request: ModelRequest, attempts: int, deadline: Deadline, *, left: int
    ) -> tuple[list[Event], Iterator[Event]]:
        """Return the first events of an answer and the rest, after as many attempts as there is time for."""
        asked, backend = _for_route(request, route), self.backend(route)
        for attempt in itertools.count(1):
            patience = _patience(route, request, deadline, left)
            soon = min(deadline, Deadline.after(patience), key=lambda each: each.at)
            events = paced(lambda: backend.stream(asked), soon, deadline)
            try:
                return list(itertools.islice(events, 1)), events
            except BackendError as error:
                ceiling = min(CAP_SECONDS, BASE_SECONDS * 2 ** (attempt - 1))
                wait = random.uniform(0, ceiling)  # noqa: S311 - jitter is no secret
                if attempt >= attempts or not error.transient or wait >= deadline.remaining_seconds:
                    raise
            count("ModelRetries")
            self.sleep(wait)
        raise AssertionError("the loop ends by a return or an error")

    def _note(self, route: Route, error: BackendError) -> None:
        count("Fallbacks")
        logger.warning("another route stands in", extra={"route": route.name, "code": error.code})


def _patience(route: Route, request: ModelRequest, deadline: Deadline, left: int) -> float:
    """Return the seconds until the first piece: a whole answer is one, so it has its share of what is left.

    `left`: how many routes that is shared by.
    """
    return route.timeout_seconds if request.streamed else max(route.timeout_seconds, deadline.remaining_seconds / left)


def _for_route(request: ModelRequest, route: Route) -> ModelRequest:
    """Return the request with the route's limit, and its own parameters where the request says nothing."""
    given = request.sampling
    sampling = msgspec.structs.replace(
        given,
        max_tokens=min(given.max_tokens or route.max_tokens, route.max_tokens),
        temperature=route.temperature if given.temperature is None else given.temperature,
        top_p=route.top_p if given.top_p is None else given.top_p,
        stop=given.stop or route.stop,
    )
    return msgspec.structs.replace(request, sampling=sampling)


def _watched(events: Iterator[Event], breaker: Breaker) -> Iterator[Event]:
    """Yield the events, and tell the breaker how they ended; a client that goes away says nothing of the route."""
    try:
        yield from events
    except ApiError:
        breaker.failed()
        raise
    breaker.succeeded()
