"""The outermost step: what an exchange cost and how long it took, told when it has ended."""

from __future__ import annotations

import time
from collections.abc import Iterator

from slipway_runtime.generate.events import Collected, Event, TextDelta, ToolCallDelta
from slipway_runtime.generate.exchange import Exchange, Onward
from slipway_runtime.operate.observability import count, logger, measure_milliseconds


def record(exchange: Exchange, onward: Onward) -> Iterator[Event]:
    """Yield the events, then write metrics and one log line, also where the answer or its reader broke off."""
    began, whole, ended = time.monotonic(), Collected(), "cut"
    first: float | None = None
    try:
        for event in onward(exchange):
            if first is None and isinstance(event, TextDelta | ToolCallDelta):
                first = time.monotonic()
            if not isinstance(event, TextDelta):
                whole.add(event)
            yield event
        ended = whole.finish_reason
    finally:
        milliseconds = (time.monotonic() - began) * 1000
        count("InputTokens", whole.input_tokens)
        count("OutputTokens", whole.output_tokens)
        measure_milliseconds("AnswerMilliseconds", milliseconds)
        if first is not None:
            measure_milliseconds("FirstTokenMilliseconds", (first - began) * 1000)
        facts = {"alias": exchange.name, "route": whole.route, "ended": ended, "milliseconds": round(milliseconds)}
        logger.info("answered", extra=facts | {"grounded": whole.notes.get("grounded")})
