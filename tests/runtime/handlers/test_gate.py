"""The gate's function: two reports in S3, the decision returned and stored."""

import json
from types import SimpleNamespace
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from slipway_runtime.evaluate.gate.scores import GateRefusedError
from slipway_runtime.handlers import gate
from slipway_runtime.operate.clients import client

pytestmark = pytest.mark.capability("P7")
CONTEXT = SimpleNamespace(
    function_name="gate", memory_limit_in_mb=512, invoked_function_arn="arn:gate", aws_request_id="1"
)
POLICY = {"metrics": [{"name": "f1", "margin": 0.05}]}


def report(gain: float) -> dict[str, Any]:
    rows = [{"id": str(n), "scores": {"f1": (n % 7) / 10 + gain * (n % 3)}, "slices": []} for n in range(60)]
    about = {"value": 0.5, "signature": "slipway|f1", "higher_is_better": True, "top": 1.0, "items": 60}
    return {"format": "slipway-evaluation/1", "model": "m", "data_sha256": "d", "metrics": {"f1": about}, "items": rows}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_SERVICE_NAME": "test",
        "POWERTOOLS_METRICS_NAMESPACE": "Slipway",
    }.items():
        monkeypatch.setenv(name, value)
    client.cache_clear()
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="artifacts")
        for name, gain in (("new", 0.1), ("old", 0.0)):
            s3.put_object(Bucket="artifacts", Key=f"{name}/report.json", Body=json.dumps(report(gain)))
        yield s3
    client.cache_clear()


def asked(candidate: str, production: str | None) -> dict[str, Any]:
    return {
        "candidate": f"s3://artifacts/{candidate}/report.json",
        "production": f"s3://artifacts/{production}/report.json" if production else None,
        "decision": "s3://artifacts/decisions/7.json",
        "policy": POLICY,
    }


def test_the_decision_is_returned_and_kept(bucket: Any) -> None:
    better = gate.handler(asked("new", "old"), CONTEXT)
    assert better["promote"] is True
    assert json.loads(bucket.get_object(Bucket="artifacts", Key="decisions/7.json")["Body"].read()) == better
    assert gate.handler(asked("old", "new"), CONTEXT)["promote"] is False
    assert gate.handler(asked("new", None), CONTEXT)["promote"] is False  # no floor for a first model


def test_what_is_wrong_is_said(bucket: Any) -> None:
    with pytest.raises(GateRefusedError, match="s3://BUCKET/KEY"):
        gate.handler(asked("new", "old") | {"decision": "artifacts/x"}, CONTEXT)
    with pytest.raises(msgspec.ValidationError, match="metrics"):
        gate.handler(asked("new", "old") | {"policy": {"metrics": []}}, CONTEXT)
