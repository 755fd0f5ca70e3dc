"""What the state machine of an evaluation hands to its functions."""

import msgspec

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.evaluations import EvaluationRun


class EvaluationEvent(msgspec.Struct):
    """A run: whose documents, and what is measured beside search: answers by `model`, claims by a judge."""

    tenant: str
    run_id: str
    answers: bool = True
    judge: bool = False
    model: str = "default"

    @property
    def run(self) -> EvaluationRun:
        """Return where the run is kept."""
        return EvaluationRun(
            client=client("s3"),
            bucket=settings.required("ARTIFACTS_BUCKET"),
            tenant=self.tenant,
            run_id=self.run_id,
        )


class QuestionEvent(EvaluationEvent, kw_only=True):
    """One question of a run, numbered from 1."""

    number: int


class ReportEvent(EvaluationEvent, kw_only=True):
    """All `questions` of a run are measured; `judge_model` judged them."""

    questions: int
    judge_model: str = ""
