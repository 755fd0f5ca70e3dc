"""The stack of endpoints: what SageMaker gets, its alarms and its way back, permissions, and what is refused.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests.html
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from slipway_constructs.model_endpoint import Rollout
from stacks import serving_images
from stacks.settings import Settings
from support.plans import plans

MODEL = {"artifacts": "models/a/1/", "like": "meta-llama/Llama-3.1-8B"}
ENDPOINT = {"name": "assistant", "model": MODEL, "instance": "ml.g6.xlarge"}
YAML = """
region: eu-west-1
account: '123456789012'
encryption: { customer_managed_key: true }
serving:
  endpoints:
    - name: fleet
      model: { artifacts: models/a/1/, like: meta-llama/Llama-3.1-8B }
      instance: ml.g6.12xlarge
      container: tgi
      quantization: fp8
      scaling: { min: 2, max: 4 }
      rollout: { kind: canary, step_percent: 10, bake_minutes: 5, max_error_percent: 2, max_latency_seconds: 20 }
      variants: [{ name: tuned, model: { package: group-a/3, like: meta-llama/Llama-3.1-8B }, weight: 0.25 }]
      capture_percent: 10
    - name: neuron
      model: { s3: s3://weights/llama/70b/, like: meta-llama/Llama-3.1-70B }
      container: neuronx
      instance: ml.inf2.48xlarge
      tensor_parallel: 24
      shadow: { model: { artifacts: models/b/1/, like: meta-llama/Llama-3.1-8B }, share_percent: 20 }
"""


def settings(**changed: Any) -> Settings:
    where = {"account": "123456789012", "region": changed.pop("region", "eu-west-1")}
    return Settings.model_validate({**where, "serving": {"endpoints": [ENDPOINT | changed]}})


def by_name(templates: Any, kind: str, key: str) -> dict[str, Any]:
    return {item["Properties"][key]: item["Properties"] for item in templates.of("serving", kind)}


@pytest.mark.capability("S1")
@pytest.mark.capability("S2")
@pytest.mark.capability("S4")
def test_an_endpoint_of_instances_has_variants_a_shadow_and_a_way_back(synthesise: Callable[[str], Any]) -> None:
    found = synthesise(YAML)
    assert found.unpublished() == []
    endpoints = by_name(found, "AWS::SageMaker::Endpoint", "EndpointName")
    fleet, neuron = endpoints["slipway-trial-fleet"], endpoints["slipway-trial-neuron"]
    configs = [item["Properties"] for item in found.of("serving", "AWS::SageMaker::EndpointConfig")]
    ab, shadowed = sorted(configs, key=lambda one: "ShadowProductionVariants" in one)

    weights = {one["VariantName"]: one["InitialVariantWeight"] for one in ab["ProductionVariants"]}
    assert weights == {"main": 1, "tuned": 0.25}
    assert ab["DataCaptureConfig"]["InitialSamplingPercentage"] == 10
    assert "KmsKeyId" not in ab, "SageMaker refuses a key for instances with disks of their own"
    routing = fleet["DeploymentConfig"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    size = {"Type": "CAPACITY_PERCENT", "Value": 10}
    assert routing == {"Type": "CANARY", "WaitIntervalInSeconds": 300, "CanarySize": size}
    assert len(fleet["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]) == 4
    assert len(neuron["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]) == 2
    (own,), (shadow,) = shadowed["ProductionVariants"], shadowed["ShadowProductionVariants"]
    assert shadow["InitialVariantWeight"] / own["InitialVariantWeight"] == 0.2
    assert shadowed["KmsKeyId"]
    assert own["VolumeSizeInGB"] > 240, "room for 141 GB of weights, and for them compiled"
    targets = by_name(found, "AWS::ApplicationAutoScaling::ScalableTarget", "ResourceId")
    assert set(targets) == {f"endpoint/slipway-trial-fleet/variant/{name}" for name in ("main", "tuned")}


@pytest.mark.capability("S1")
@pytest.mark.capability("S2")
def test_containers_are_told_what_the_settings_say(synthesise: Callable[[str], Any]) -> None:
    models = [item["Properties"] for item in synthesise(YAML).of("serving", "AWS::SageMaker::Model")]
    containers = [one["PrimaryContainer"] for one in models]
    told = {json.dumps(one.get("Image", "")): one.get("Environment", {}) for one in containers}
    tgi, neuron = (next(told[image] for image in told if part in image) for part in ("tgi3.3.6", "neuronx"))

    assert (tgi["SM_NUM_GPUS"], tgi["QUANTIZE"], tgi["MAX_TOTAL_TOKENS"]) == ("4", "fp8", "4096")
    assert int(tgi["MAX_INPUT_TOKENS"]) < int(tgi["MAX_TOTAL_TOKENS"])
    assert neuron["SM_ON_TENSOR_PARALLEL_SIZE"] == "24"
    assert neuron["SM_ON_SEQUENCE_LENGTH"] == "4096"
    assert any("763104351884.dkr.ecr.eu-west-1." in image for image in told)
    assert [one for one in containers if "group-a/3" in json.dumps(one.get("ModelPackageName", ""))]
    assert all(one["EnableNetworkIsolation"] for one in models)
    sources = json.dumps([one.get("ModelDataSource") for one in containers])
    assert "s3://weights/llama/70b/" in sources


ASLEEP = """
region: eu-west-1
account: '123456789012'
network: { mode: create, cidr: 10.41.0.0/16, availability_zones: 2 }
serving:
  endpoints:
    - name: assistant
      model: { artifacts: models/a/1/, like: Qwen/Qwen2.5-7B }
      instance: ml.g6.xlarge
      scaling: { min: 0 }
"""


@pytest.mark.capability("S3")
def test_staging_has_an_empty_endpoint_whose_models_sleep_and_are_woken(environments: dict[str, Any]) -> None:
    """What the deployment flow makes of the first approved version is in the plan."""
    staging = environments["staging"]
    (variant,) = staging.one("serving", "AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    plan = plans(staging)["assistant"]

    assert variant["ManagedInstanceScaling"] == {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 1}
    assert "ModelName" not in variant
    assert "VpcConfig" in staging.one("serving", "AWS::SageMaker::EndpointConfig")
    assert plan.component
    assert plan.component["ComputeResourceRequirements"]["NumberOfAcceleratorDevicesRequired"] == 1
    assert plan.scaling
    assert plan.scaling["limits"] == {"MinCapacity": 0, "MaxCapacity": 1}
    assert plan.scaling["resource"]["ResourceId"] == "inference-component/slipway-staging-assistant"
    assert [one["PolicyType"] for one in plan.scaling["policies"]] == ["TargetTrackingScaling", "StepScaling"]
    wake = plan.scaling["wake"]
    assert (wake["MetricName"], wake["Statistic"], wake["Period"]) == ("NoCapacityInvocationFailures", "Maximum", 30)
    assert wake["Dimensions"] == [{"Name": "InferenceComponentName", "Value": "slipway-staging-assistant"}]


@pytest.mark.capability("S3")
def test_a_declared_endpoint_sleeps_and_is_woken(synthesise: Callable[[str], Any]) -> None:
    staging = synthesise(ASLEEP)
    (variant,) = staging.one("serving", "AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    component = staging.one("serving", "AWS::SageMaker::InferenceComponent")
    target = staging.one("serving", "AWS::ApplicationAutoScaling::ScalableTarget")
    alarms = {
        one["Properties"]["MetricName"]: one["Properties"] for one in staging.of("serving", "AWS::CloudWatch::Alarm")
    }
    wake = alarms["NoCapacityInvocationFailures"]
    policies = {
        name: one["Properties"]
        for name, one in staging["serving"]["Resources"].items()
        if one["Type"] == "AWS::ApplicationAutoScaling::ScalingPolicy"
    }

    assert variant["ManagedInstanceScaling"] == {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 1}
    assert "ModelName" not in variant
    assert component["RuntimeConfig"] == {"CopyCount": 0}
    assert component["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    assert target["MinCapacity"] == 0
    assert target["ResourceId"] == "inference-component/slipway-trial-assistant"
    assert policies[wake["AlarmActions"][0]["Ref"]]["PolicyType"] == "StepScaling"
    assert (wake["Statistic"], wake["Period"], wake["Threshold"]) == ("Maximum", 30, 1)
    assert "VpcConfig" in staging.one("serving", "AWS::SageMaker::EndpointConfig")
    others = [alarm for name, alarm in alarms.items() if name != "NoCapacityInvocationFailures"]
    assert all("alarmtopicarn" in json.dumps(alarm["AlarmActions"]) for alarm in others)


@pytest.mark.capability("S2")
def test_each_endpoint_is_watched_and_without_one_there_is_no_stack(environments: dict[str, Any]) -> None:
    alarms = [item["Properties"] for item in environments["staging"].of("observability", "AWS::CloudWatch::Alarm")]
    watched = [one["MetricName"] for one in alarms if "slipway-staging-assistant" in json.dumps(one["Dimensions"])]

    assert sorted(watched) == ["GPUMemoryUtilization", "Invocation4XXErrors"]
    assert "serving" not in environments["dev"]


@pytest.mark.capability("S2")
def test_the_role_reads_its_models_and_writes_its_logs(environments: dict[str, Any]) -> None:
    allowed = environments["staging"].allowed("serving", "AssistantRole")

    assert {"s3:GetObject", "s3:ListBucket", "ecr:BatchGetImage", "kms:Decrypt", "logs:PutLogEvents"} <= allowed
    assert not {action for action in allowed if action.startswith(("sagemaker:", "s3:Put", "s3:Delete", "iam:"))}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": {"like": MODEL["like"]}}, "one of artifacts, s3, package and registry"),
        ({"model": {"artifacts": "a/", "like": "nobody/knows"}}, "layers, heads and parameters"),
        ({"instance": "ml.m5.xlarge"}, "whose memory is known"),
        ({"container": "neuronx"}, "lmi-vllm or tgi"),
        ({"container": "neuronx", "instance": "ml.inf2.xlarge", "quantization": "int4"}, "serves 16 bits"),
        ({"scaling": {"min": 3, "max": 2}}, "at most max"),
        ({"rollout": {"kind": "canary"}}, "half of the instances"),
        ({"scaling": {"min": 0}, "rollout": {"kind": "linear"}}, "replaced one by one"),
        ({"scaling": {"min": 0}, "shadow": {"model": MODEL}}, "an endpoint that sleeps"),
        ({"variants": [{"name": "main", "model": MODEL}]}, "main and shadow are"),
        ({"variants": [{"name": "b", "model": MODEL}], "shadow": {"model": MODEL}}, "have one variant"),
        ({"container": "neuronx", "instance": "ml.inf2.xlarge", "region": "eu-north-1"}, "that eu-north-1 has"),
    ],
)
def test_what_sagemaker_could_not_do_is_refused_with_its_remedy(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        settings(**changed)


@pytest.mark.capability("S2")
def test_a_model_that_does_not_fit_is_refused_with_the_sum_and_what_would_do() -> None:
    large = {"artifacts": "models/a/1/", "like": "meta-llama/Llama-3.1-70B"}

    with pytest.raises(ValueError, match=r"weights 70\.554e9") as refused:
        settings(model=large, instance="ml.g6.12xlarge")

    assert "of 22.4 GiB x 0.9 = 20.1 GiB" in str(refused.value)
    assert "quantization int4" in str(refused.value)
    assert "serving.endpoints.0.model" in str(refused.value)
    settings(model=large, instance="ml.g6.12xlarge", quantization="int4")


def test_the_image_exists_in_every_large_region() -> None:
    for container in ("lmi-vllm", "tgi", "neuronx"):
        assert {"us-east-1", "eu-west-1", "ap-northeast-1"} <= set(serving_images.accounts(container))


def test_a_rollout_beyond_awss_limits_is_refused() -> None:
    with pytest.raises(ValueError, match="50 %"):
        Rollout(step_percent=51)
    with pytest.raises(ValueError, match="3600 s"):
        Rollout(bake_seconds=3601)
