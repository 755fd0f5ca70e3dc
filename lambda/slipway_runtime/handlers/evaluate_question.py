"""The middle step of an evaluation: one question."""

import functools
from typing import Any

import msgspec

from slipway_runtime import parts, parts_of_exchange
from slipway_runtime.evaluate.judge import Judge
from slipway_runtime.evaluate.measure import Measurer
from slipway_runtime.generate.answer import Answerer
from slipway_runtime.handlers.evaluation_events import QuestionEvent
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.search import Searcher

MARGIN_SECONDS = 10.0


@observed
def handler(event: dict[str, Any], context: Any) -> int:
    """Return the question's number; its row is kept with the run.

    Raises: what search, the model or the judge raise, for the state machine to try once more.
    """
    asked = msgspec.convert(event, QuestionEvent)
    run = asked.run
    question = run.questions()[asked.number - 1]
    measurer = Measurer(
        tenant=asked.tenant,
        searcher=_searcher(),
        answerer=_answerer(asked.model) if asked.answers else None,
        judge=_judge() if asked.judge else None,
    )
    run.write_row(measurer.measure(asked.number, question, Deadline.of(context, MARGIN_SECONDS)))
    logger.info("question evaluated", extra={"run_id": asked.run_id, "number": asked.number})
    return asked.number


@functools.cache
def _searcher() -> Searcher:
    return parts.searcher()


@functools.cache
def _answerer(alias: str) -> Answerer:
    return parts_of_exchange.answerer(alias, parts_of_exchange.table().alias(alias))


@functools.cache
def _judge() -> Judge:
    return parts.judge()
