"""The steps around a training job: what is refused before money is spent, the gate, the notice of a failure."""

import json
from typing import Any

import pytest

from slipway_runtime.datasets.bucket import Bucket
from slipway_runtime.train.dataset import Record, TrainingSet
from slipway_runtime.train.pipeline import items, notice, request
from slipway_runtime.train.refused import TrainingRefusedError

HERE = request.Instances(type="ml.g5.xlarge", count=1, strategy="lora")
BUCKET = Bucket(client=None, name="artifacts")  # nothing here may ask it
ASKED = {"name": "reverser", "dataset": "uploads/a.jsonl", "base": "models/tiny/", "requested_by": "ana"}


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


def held(kind: str, *columns: dict[str, Any]) -> TrainingSet:
    return TrainingSet(kind, [Record("a.jsonl:1", each) for each in columns], "0" * 64)  # type: ignore[arg-type]


@pytest.mark.capability("T1")
@pytest.mark.parametrize(
    ("kind", "columns", "item"),
    [
        (
            "messages",
            {"messages": [{"role": "user", "content": "a b"}, {"role": "assistant", "content": "b a"}]},
            {"messages": [{"role": "user", "content": "a b"}], "references": ["b a"]},
        ),
        ("prompt-completion", {"prompt": "a", "completion": "b"}, {"prompt": "a", "references": ["b"]}),
        (
            "preference",
            {"prompt": [{"role": "user", "content": "a"}], "chosen": [{"role": "assistant", "content": "b"}]},
            {"messages": [{"role": "user", "content": "a"}], "references": ["b"]},
        ),
    ],
)
def test_the_items_are_the_validation_sets_questions(kind: str, columns: dict[str, Any], item: dict[str, Any]) -> None:
    (line,) = items.lines_of(BUCKET, request.read(ASKED, "run-1"), held(kind, columns), 1)
    assert json.loads(line) == {"id": "1", **item}


@pytest.mark.capability("T1")
def test_items_that_can_show_nothing_are_refused() -> None:
    asked = request.read(ASKED, "run-1")
    with pytest.raises(TrainingRefusedError, match="minimum_items"):
        items.lines_of(BUCKET, asked, held("prompt-completion", {"prompt": "a", "completion": "b"}), 2)
    with pytest.raises(TrainingRefusedError, match="Plain text asks nothing"):
        items.lines_of(BUCKET, asked, held("text", {"text": "a"}), 1)
    with pytest.raises(TrainingRefusedError, match=r"no file of items evaluation/a\.txt"):
        items.lines_of(BUCKET, request.read({**ASKED, "items": "evaluation/a.txt"}, "run-1"), held("text"), 1)


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
