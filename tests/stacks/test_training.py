"""The stack of fine-tuning: the state machine, the job that fits its instance, permissions, and what is refused.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html,
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

import json
from itertools import product
from typing import Any, get_args

import botocore.session
import msgspec
import pytest

from slipway_constructs.source_archive import archive
from slipway_local.training.contract import check_processing
from slipway_runtime.evaluate.gate.policy import Policy
from slipway_runtime.train import metrics, rules
from slipway_runtime.train.pipeline import comparison, request
from slipway_runtime.train.pipeline.comparison import Evaluating
from slipway_runtime.train.pipeline.run import Run
from slipway_runtime.train.refused import TrainingRefusedError
from slipway_runtime.train.settings import TrainingSettings
from stacks import training_images, training_job
from stacks.settings import Settings
from stacks.settings_gate import FAMILIES, Family
from stacks.settings_training_rules import EVALUATES


def states(templates: Any) -> dict[str, Any]:
    text = templates.one("training", "AWS::StepFunctions::StateMachine")["DefinitionString"]
    joined = "".join(part if isinstance(part, str) else "token" for part in text["Fn::Join"][1])
    return dict(json.loads(joined)["States"])


def training(**given: Any) -> Settings:
    where = {"account": "123456789012", "region": given.pop("region", "eu-west-1")}
    return Settings.model_validate({**where, "training": {"enabled": True, **given}})


@pytest.mark.capability("T1")
def test_dev_has_the_whole_pipeline(dev: Any) -> None:
    found = states(dev)

    assert list(found) == [
        *("Prepare", "Train", "Match", "Evaluate", "Gate", "Collect", "Passed", "Approve", "Approved"),
        *("Refuse", "Expire", "Reject", "Register"),
    ]
    assert found["Approve"]["Resource"].endswith(":lambda:invoke.waitForTaskToken")
    assert found["Approve"]["TimeoutSeconds"] == 7 * 86_400
    # What is caught could not be redriven.
    assert {name for name, state in found.items() if "Catch" in state} == {"Approve"}


@pytest.mark.capability("T3")
@pytest.mark.capability("T5")
def test_the_job_has_instance_image_spot_and_checkpoints(dev: Any) -> None:
    job = states(dev)["Train"]["Parameters"]

    assert job["ResourceConfig"] == {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 100}
    assert training_images.suffix() in job["AlgorithmSpecification"]["TrainingImage"]
    assert job["EnableManagedSpotTraining"]
    assert job["StoppingCondition"]["MaxWaitTimeInSeconds"] >= job["StoppingCondition"]["MaxRuntimeInSeconds"]
    assert job["CheckpointConfig"] == {"S3Uri.$": "$.training.Checkpoints"}
    assert job["AlgorithmSpecification"]["MetricDefinitions"] == metrics.DEFINITIONS
    mapping = dev["training"]["Mappings"]["Images"]
    assert {region: one["account"] for region, one in mapping.items()} == training_images.accounts()


@pytest.mark.capability("P4")
def test_the_evaluation_is_a_request_that_sagemaker_takes(dev: Any) -> None:
    """Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html"""
    asked = states(dev)["Evaluate"]["Parameters"]
    how = Evaluating("s3://assets/a.tar.gz", ["perplexity"], 8, "ml.g5.xlarge", {"minimum_items": 30})
    run = Run(Kept(), "reverser-1")  # type: ignore[arg-type]
    state = {"trained": {"model": "s3://b/model.tar.gz"}, "manifest": {"format": "base+adapter"}}
    given = request.read({"name": "m", "dataset": "a", "base": "o/m", "base_revision": "1", "requested_by": "a"}, "r")
    found = comparison.compare(run, given, state, First(), how)  # type: ignore[arg-type]

    assert found.arguments[-3:] == ["--against-base", "--base-hub", "o/m@1"]
    application = asked["AppSpecification"]
    application["ContainerArguments"] = found.arguments
    application.pop("ContainerArguments.$")
    asked["ProcessingInputs"] = found.inputs
    asked["ProcessingJobName"] = "reverser-1-0"
    asked["RoleArn"] = "arn:aws:iam::123456789012:role/job"
    asked["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = found.output
    asked["ProcessingOutputConfig"]["Outputs"][0]["S3Output"].pop("S3Uri.$")
    for name in ("ProcessingInputs.$", "ProcessingJobName.$"):
        asked.pop(name)
    check_processing(asked)
    model = botocore.session.get_session().get_service_model("sagemaker")
    types = model.shape_for("ProcessingInstanceType").enum
    assert {asked["ProcessingResources"]["ClusterConfig"]["InstanceType"], "ml.p5.4xlarge"} <= set(types)
    assert all(f"ml.{family}.xlarge" in types for family in EVALUATES)


@pytest.mark.capability("P7")
def test_the_settings_of_the_gate_are_its_policy(dev: Any) -> None:
    told = Settings.model_validate({"training": {"enabled": True}}).training.gate.model_dump(exclude_none=True)
    policy = msgspec.convert(told, Policy)

    assert (policy.alpha, policy.minimum_items, [rule.name for rule in policy.metrics]) == (0.05, 30, ["perplexity"])
    assert set(FAMILIES) == {*get_args(Family)}
    with pytest.raises(ValueError, match=r"Add safety to training\.evaluation\.metrics"):
        training(gate={"safety": {}})
    with pytest.raises(ValueError, match="each metric once"):
        training(gate={"metrics": [{"name": "f1"}, {"name": "f1"}]})
    with pytest.raises(ValueError, match=r"ml\.p4d\.24xlarge"):
        training(evaluation={"instance_type": "ml.p4d.24xlarge"})


class Kept:
    """A bucket where the run's code lies already."""

    name = "artifacts"

    def has(self, key: str) -> bool:
        return key.endswith("code/source.tar.gz")


class First:
    """A registry without versions."""

    def production(self, name: str) -> None:
        assert name == "m"


@pytest.mark.capability("T1")
def test_each_role_is_allowed_its_part(dev: Any) -> None:
    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
    registry = {"sagemaker:ListModelPackages", "sagemaker:DescribeModelPackage", "sagemaker:DescribeProcessingJob"}
    registry.add("sagemaker:CallMlflowAppApi")

    assert dev.allowed("training", "GateRole") - logs == {"s3:GetObject", "s3:PutObject"}
    assert dev.allowed("training", "StepRole") - logs == {"s3:GetObject", "s3:PutObject", "s3:ListBucket", *registry}
    assert "states:SendTaskSuccess" in dev.allowed("training", "ApprovalsRole")
    assert not {each for each in dev.allowed("training", "ApprovalsRole") if each.startswith(("s3:", "sagemaker:"))}
    assert "sagemaker:CreateModelPackage" not in dev.allowed("training", "JobRole")
    assert dev.allowed("training", "FailedRole") - logs >= {"sns:Publish"}


@pytest.mark.capability("T1")
def test_runs_and_notices_are_alarmed_and_off_makes_nothing(dev: Any, environments: dict[str, Any]) -> None:
    alarms = dev.of("observability", "AWS::CloudWatch::Alarm")
    described = " ".join(json.dumps(item["Properties"].get("AlarmDescription", "")) for item in alarms)

    assert all(f"{name}:" in described for name in ("Training", "TrainingApprovals", "TrainingNotices"))
    assert "training" not in environments["prod"]
    assert "Approvals" not in json.dumps(environments["prod"]["foundation"])


@pytest.mark.capability("T3")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"instance_type": "ml.trn1.32xlarge"}, "optimum-neuron"),
        ({"instance_type": "ml.inf2.xlarge"}, "trains none"),
        ({"instance_type": "ml.c5.xlarge"}, "a type of g5"),
        ({"instance_type": "ml.trn2.48xlarge", "strategy": "qlora"}, "bitsandbytes"),
        ({"instance_type": "ml.trn2.48xlarge"}, "training.image"),
        ({"region": "eu-south-2"}, "has no huggingface-pytorch-training"),
    ],
)
def test_a_combination_that_cannot_work_is_refused_with_its_reason(given: dict[str, Any], said: str) -> None:
    if "region" in given:
        assert given["region"] not in training_images.accounts()
    with pytest.raises(ValueError, match=said):
        training(**dict(given))


@pytest.mark.capability("T3")
def test_settings_refuse_what_the_job_would_refuse() -> None:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1"
    strategies = ("full", "lora", "qlora", "prompt", "prefix", "llama_adapter")
    instances = ("ml.g5.xlarge", "ml.p5.48xlarge", "ml.trn1.32xlarge", "ml.trn2.48xlarge", "ml.inf2.xlarge")
    for strategy, instance in product(strategies, instances):

        def refuses(check: Any) -> bool:
            try:
                check()
            except (ValueError, TrainingRefusedError):
                return True
            return False

        job = TrainingSettings(strategy=strategy)  # type: ignore[arg-type]
        by_job = refuses(
            lambda job=job, instance=instance: rules.check(
                job, device=rules.device_of(instance), processes=1, instance_type=instance
            )
        )
        by_settings = refuses(
            lambda strategy=strategy, instance=instance: training(
                strategy=strategy, instance_type=instance, image=image
            )
        )
        assert by_job == by_settings, (strategy, instance)


def test_the_metrics_of_stack_and_job_are_one() -> None:
    assert training_job.METRICS == metrics.METRICS


def test_equal_code_is_an_equal_archive(tmp_path: Any) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("print()")
    first, second = (archive({"train.py": tmp_path / name}) for name in ("a", "b"))

    assert first == second
    (tmp_path / "b").write_text("print(1)")
    assert archive({"train.py": tmp_path / "b"}) != first
