"""The first step of an evaluation: check the questions and the judge, before anything is spent on them."""

from typing import Any

import msgspec

from slipway_runtime import parts, parts_of_exchange, settings
from slipway_runtime.handlers.evaluation_events import EvaluationEvent
from slipway_runtime.operate.observability import logger, observed
from slipway_runtime.operate.retry import Deadline

MARGIN_SECONDS = 10.0


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Return the numbers of the questions.

    Raises: InvalidQuestions naming each line, JudgeUnfit, ValueError where no judge is set or the model is unknown.
    """
    asked = msgspec.convert(event, EvaluationEvent)
    questions = asked.run.questions()
    parts_of_exchange.table().alias(asked.model)
    judge = _checked_judge(Deadline.of(context, MARGIN_SECONDS)) if asked.judge else ""
    logger.info("evaluation planned", extra={"run_id": asked.run_id, "questions": len(questions)})
    return {
        **msgspec.to_builtins(asked),
        "questions": len(questions),
        "numbers": list(range(1, len(questions) + 1)),
        "judge_model": judge,
    }


def _checked_judge(deadline: Deadline) -> str:
    model_id = settings.optional("JUDGE_MODEL_ID")
    if not model_id:
        raise ValueError(
            "no judge is configured: set evaluation.judge to an alias of models, a Claude or Nova model, "
            "or run without a judge"
        )
    parts.judge().check(deadline)
    return model_id
