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
from slipway_runtime.reindex.generations import Generation
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
    generation = parts.active()
    measurer = Measurer(
        tenant=asked.tenant,
        searcher=_searcher(generation),
        answerer=_answerer(asked.model, generation) if asked.answers else None,
        judge=_judge() if asked.judge else None,
    )
    run.write_row(measurer.measure(asked.number, question, Deadline.of(context, MARGIN_SECONDS)))
    logger.info("question evaluated", extra={"run_id": asked.run_id, "number": asked.number})
    return asked.number


@functools.cache
def _searcher(generation: Generation | None) -> Searcher:
    return parts.searcher(generation)


@functools.cache
def _answerer(alias: str, generation: Generation | None) -> Answerer:
    return parts_of_exchange.answerer(alias, parts_of_exchange.table().alias(alias), _searcher(generation))


@functools.cache
def _judge() -> Judge:
    return parts.judge()
