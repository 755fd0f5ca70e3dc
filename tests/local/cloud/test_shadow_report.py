"""The report on a shadow, from what a real endpoint with one has captured and counted.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from slipway_cli import main, shadow
from slipway_cli.target import Target
from slipway_local import cloud
from support.endpoints import Serving, variant
from support.waiting import wait_for

pytestmark = [pytest.mark.capability("S4"), pytest.mark.timeout(300)]
NAME, FULL = "compared", "slipway-dev-compared"
ASKED = 4


def test_a_shadow_is_compared_with_what_users_got(
    local_cloud: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = Serving(local_cloud.place, f"shadowed-{uuid.uuid4().hex[:8]}")
    target = Target("dev", local_cloud.place.endpoint_url, None, cloud.credentials(local_cloud.state))
    name = "/slipway/dev/foundation/artifacts-bucket-name"
    target.client("ssm").put_parameter(Name=name, Value=serving.bucket, Type="String", Overwrite=True)
    serving.model("seen-by-users")
    serving.model("unseen", status=500)
    capture = {
        "EnableCapture": True, "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{serving.bucket}/captured/{NAME}",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }  # fmt: skip
    shadows = [variant("shadow", "unseen")]
    serving.config(FULL, ("main", "seen-by-users", 1), ShadowProductionVariants=shadows, DataCaptureConfig=capture)
    serving.endpoint(FULL, FULL)
    for number in range(ASKED):
        serving.ask(FULL, {"inputs": f"question {number}"}, InferenceId=f"i{number}")

    def captured() -> int:
        keys = serving.s3.list_objects_v2(Bucket=serving.bucket, Prefix=f"captured/{NAME}/").get("Contents", ())
        return len(keys)

    assert wait_for(lambda: captured() == 2 * ASKED, seconds=60)
    monkeypatch.setattr(shadow, "find_target", lambda *_, **__: target)
    command = ["models", "shadow", NAME, "--output", str(tmp_path / "report"), "--json"]
    done = CliRunner().invoke(main.app, command)
    serving.close()

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["pairs"] == ASKED
    assert found["agreement"]["identical_share"] == 0
    assert (found["requests"]["main"]["error_rate"], found["requests"]["shadow"]["error_rate"]) == (0, 1)
    assert found["requests"]["main"]["mean_seconds"] > 0
    assert found["worst"][0]["prompt"].startswith("question ")
    assert json.loads((tmp_path / "report" / "shadow.json").read_text()) == found
    assert "unseen" in (tmp_path / "report" / "shadow.html").read_text()


def test_without_a_shadow_the_command_says_what_is_missing(local_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target("dev", local_cloud.place.endpoint_url, None, cloud.credentials(local_cloud.state))
    bucket = f"empty-{uuid.uuid4().hex[:8]}"
    target.client("s3").create_bucket(Bucket=bucket)
    name = "/slipway/dev/foundation/artifacts-bucket-name"
    target.client("ssm").put_parameter(Name=name, Value=bucket, Type="String", Overwrite=True)

    with pytest.raises(shadow.CommandError, match="capture_percent"):
        shadow.compare(target, "nobody", 1)
