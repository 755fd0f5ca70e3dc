"""Whether a version fits its endpoint: the sum is that of the settings, and what does not fit says why.

Sources: as in tests/stacks/test_serving_fit.py; https://huggingface.co/docs/transformers/main_classes/configuration
"""

import io
import json
import tarfile
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from slipway_runtime.operate.deploy import version as versions
from slipway_runtime.operate.deploy.fit import check
from slipway_runtime.operate.deploy.plan import Plan
from slipway_runtime.operate.deploy.refused import DeploymentRefusedError
from slipway_runtime.operate.deploy.version import Version, read_version
from stacks import serving_fit
from stacks.serving_instances import INSTANCES
from stacks.serving_shapes import SHAPES, ModelShape

GROUP = "slipway-dev-support"
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:0.38.0-lmi29.0.0-cu130"


def config_of(shape: ModelShape) -> dict[str, Any]:
    return {
        "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads,
        "hidden_size": shape.hidden, "head_dim": shape.head_dim, "max_position_embeddings": shape.context,
        "dtype": "bfloat16",
    }  # fmt: skip


def planned(model: str, instance: str, **more: Any) -> serving_fit.Plan:
    shape, ranks = SHAPES[model], INSTANCES[instance].ranks
    given: dict[str, Any] = {"tensor_parallel": ranks, "context": min(4096, shape.context), "concurrent": 4}
    return serving_fit.Plan(name=model, shape=shape, instance_type=instance, **(given | more))


def plan(settled: serving_fit.Plan) -> Plan:
    told = {
        "endpoint": "slipway-dev-support", "group": GROUP, "role": "arn", "image": IMAGE, "environment": {},
        "alarms": [], "deployment": {}, "fit": serving_fit.limits(settled),
    }  # fmt: skip
    return msgspec.convert(told, Plan)


def version(**changed: Any) -> Version:
    shape = SHAPES["meta-llama/Llama-3.1-8B"]
    given: dict[str, Any] = {
        "arn": "arn", "name": GROUP, "number": 3, "status": "Approved", "approval": "", "source": "s3://b/m/",
        "packed": False, "weight_bytes": int(shape.parameters * 2e9), "config": config_of(shape),
    }  # fmt: skip
    return Version(**(given | changed))


@pytest.mark.capability("O9")
@pytest.mark.parametrize("instance", ["ml.g5.xlarge", "ml.g6.12xlarge", "ml.p4d.24xlarge", "ml.p5.48xlarge"])
@pytest.mark.parametrize("model", sorted(SHAPES))
def test_the_verdict_on_16_bits_is_that_of_the_settings(model: str, instance: str) -> None:
    settled, shape = planned(model, instance), SHAPES[model]
    found = version(weight_bytes=int(shape.parameters * 2e9), config=config_of(shape))

    if settled.fits:
        assert f"= {settled.needed_gib:.1f} GiB, of" in check(plan(settled), found)
    else:
        with pytest.raises(DeploymentRefusedError, match=r"does not fit|attention heads"):
            check(plan(settled), found)


LLAMA = planned("meta-llama/Llama-3.1-8B", "ml.g6.xlarge")


@pytest.mark.parametrize(
    ("changed", "said", "remedy"),
    [
        ({"name": "slipway-dev-other"}, "serves slipway-dev-support, not slipway-dev-other", "another endpoint"),
        ({"status": "PendingManualApproval"}, "is PendingManualApproval", "slipway models approve"),
        ({"status": "Archived"}, "is Archived", "slipway models approve"),
        ({"image": "1.dkr.ecr.eu-west-1.amazonaws.com/tgi:3"}, "is made for tgi", "container"),
        ({"config": {}}, "no config.json", "merge_adapter"),
        (
            {"weight_bytes": int(60e9)},
            r"does not fit ml.g6.xlarge: each of 1 x L4: weights 55.9 GiB",
            "larger instance",
        ),
    ],
)
def test_what_cannot_be_served_is_refused_with_a_remedy(changed: dict[str, Any], said: str, remedy: str) -> None:
    with pytest.raises(DeploymentRefusedError, match=said) as refused:
        check(plan(LLAMA), version(**changed))
    assert remedy in refused.value.remedy


def test_a_context_beyond_the_models_own_is_refused() -> None:
    config = config_of(SHAPES["meta-llama/Llama-3.1-8B"]) | {"max_position_embeddings": 2048}

    with pytest.raises(DeploymentRefusedError, match="made for 2048 tokens, and the endpoint promises 4096"):
        check(plan(LLAMA), version(config=config))


def test_weights_of_32_bits_are_held_in_16_and_of_fp8_in_8() -> None:
    config = config_of(SHAPES["meta-llama/Llama-3.1-8B"])
    whole = check(plan(LLAMA), version())
    wide = check(plan(LLAMA), version(weight_bytes=2 * version().weight_bytes, config=config | {"dtype": "float32"}))
    half = check(plan(planned("meta-llama/Llama-3.1-8B", "ml.g6.xlarge", quantization="fp8")), version())

    assert wide == whole
    assert "weights 7.5 GiB" in half
    assert "weights 15.0 GiB" in whole


@pytest.mark.parametrize("first", ["config.json", "model.safetensors"])
def test_an_archive_is_read_up_to_its_weights(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MEMBER_BYTES", 1000)
    files = {"config.json": json.dumps({"num_hidden_layers": 2}).encode(), "model.safetensors": b"0" * 5000}
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name in sorted(files, key=lambda each: each != first):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            archive.addfile(member, io.BytesIO(files[name]))
    with mock_aws():
        s3: Any = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        s3.create_bucket(Bucket="files")
        s3.put_object(Bucket="files", Key="m.tar.gz", Body=held.getvalue())
        described = {
            "ModelPackageArn": "arn", "ModelPackageGroupName": GROUP, "ModelPackageVersion": 1,
            "ModelApprovalStatus": "Approved", "SourceUri": "s3://files/m.tar.gz",
        }  # fmt: skip
        registry = type("Registry", (), {"describe_model_package": staticmethod(lambda **_: described)})()
        found = read_version(registry, s3, "arn")

    assert found.packed
    assert found.weight_bytes == len(held.getvalue())
    assert found.config == ({"num_hidden_layers": 2} if first == "config.json" else {})
