"""The steps around a training job: what is refused before money is spent, the gate, the notice of a failure."""

import json
from typing import Any

import pytest

from slipway_runtime.train.pipeline import gate, notice, request
from slipway_runtime.train.pipeline.evaluate import Evaluation
from slipway_runtime.train.refused import TrainingRefusedError

HERE = request.Instances(type="ml.g5.xlarge", count=1, strategy="lora")
ASKED = {"name": "reverser", "dataset": "uploads/a.jsonl", "base": "models/tiny/", "requested_by": "ana"}


def evaluation(candidate: float, baseline: float) -> Evaluation:
    return Evaluation(
        metric="validation_loss",
        items_sha256="0" * 64,
        items=8,
        candidate=candidate,
        baseline=baseline,
        baseline_of="base",
        figures={},
    )


@pytest.mark.capability("T1")
@pytest.mark.parametrize(
    ("more", "run", "said"),
    [
        ({"colour": "red"}, "run-1", "colour"),
        ({"name": "Big Model"}, "run-1", "not possible"),
        ({"requested_by": " "}, "run-1", "Nobody asks"),
        ({"base": "org/model"}, "run-1", "base_revision"),
        ({"hyperparameters": {"model": "x"}}, "run-1", "Say it by strategy"),
        ({}, "run_1", "cannot name a training job"),
    ],
)
def test_a_request_that_cannot_work_is_refused(more: dict[str, Any], run: str, said: str) -> None:
    with pytest.raises(TrainingRefusedError, match=said):
        request.read({**ASKED, **more}, run)


@pytest.mark.capability("T3")
@pytest.mark.parametrize(
    ("hyperparameters", "instance", "said"),
    [
        ({"epoch": "1"}, "ml.g5.xlarge", "Did you mean 'epochs'"),
        ({"strategy": "qlora"}, "ml.trn2.48xlarge", "bitsandbytes"),
        ({"tp_size": "3"}, "ml.g5.12xlarge", "divided"),
    ],
)
def test_what_the_instances_cannot_do_is_refused(hyperparameters: dict[str, str], instance: str, said: str) -> None:
    given = dict(hyperparameters)
    asked = request.read({**ASKED, "strategy": given.pop("strategy", ""), "hyperparameters": given}, "run-1")
    with pytest.raises(TrainingRefusedError, match=said):
        request.settings_of(asked, request.Instances(type=instance, count=1, strategy="lora"))


def test_the_strategy_is_the_environments_unless_the_request_names_one() -> None:
    assert request.settings_of(request.read(ASKED, "run-1"), HERE).strategy == "lora"
    assert request.settings_of(request.read({**ASKED, "strategy": "prompt"}, "run-1"), HERE).strategy == "prompt"


@pytest.mark.parametrize(
    ("candidate", "baseline", "least", "passed"),
    [(1.0, 2.0, 0.5, True), (1.0, 2.0, 0.51, False), (2.0, 2.0, 0.0, False), (2.1, 2.0, 0.0, False)],
)
def test_the_gate_wants_the_stated_improvement(candidate: float, baseline: float, least: float, passed: bool) -> None:
    assert gate.decide(evaluation(candidate, baseline), least).passed is passed


@pytest.mark.parametrize(
    ("error", "cause", "said"),
    [
        ("SageMaker.ResourceLimitExceededException", "limit is 0 Instances", "quota"),
        ("States.TaskFailed", json.dumps({"FailureReason": "CapacityError: none"}), "CapacityError: none There is no"),
        ("TrainingRefusedError", json.dumps({"errorMessage": "No data. Give some."}), "No data. Give some."),
        ("TIMED_OUT", "", "--resume run-1"),
    ],
)
def test_a_failure_is_told_with_its_remedy(error: str, cause: str, said: str) -> None:
    assert said in notice.failure("run-1", error, cause)
