"""MLflow Apps: made by a template, served by MLflow itself, kept over a restart, and closed to who is not allowed.

Expectations: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateMlflowApp.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-app-setup-prerequisites-iam.html
"""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_local import cloud
from slipway_local.aws import Place
from slipway_runtime.train.mlflow import Mlflow, MlflowError
from support.training import HAS_MLFLOW

CACHE = Path(__file__).resolve().parents[3] / ".slipway" / "cache"
pytestmark = [pytest.mark.capability("T7"), pytest.mark.capability("O14")]
needs_mlflow = pytest.mark.skipif(not HAS_MLFLOW, reason="MLflow's server is not installed; `make torch`")


def template(*, allowed: bool = True) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    app = {"Fn::GetAtt": ["App", "Arn"]}
    action = "sagemaker:CallMlflowAppApi" if allowed else "sagemaker:DescribeMlflowApp"
    statement = {"Effect": "Allow", "Action": action, "Resource": app}
    policy = {"PolicyName": "calls", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}
    caller = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document, "Policies": [policy]}}
    properties = {
        "Name": "experiments",
        "ArtifactStoreUri": "s3://experiments-of-a-test/mlflow",
        "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
    }
    made = {"Type": "AWS::SageMaker::MlflowApp", "Properties": properties}
    outputs = {"Arn": {"Value": app}, "Caller": {"Value": {"Fn::GetAtt": ["Caller", "Arn"]}}}
    return {"Resources": {"Role": role, "Caller": caller, "App": made}, "Outputs": outputs}


def signing(place: Place, monkeypatch: pytest.MonkeyPatch, role: str | None = None) -> dict[str, str]:
    """Let botocore find credentials, of a role or the administrator's, and return where MLflow is."""
    found = place.administrator
    keys = {"AWS_ACCESS_KEY_ID": found.access_key_id, "AWS_SECRET_ACCESS_KEY": found.secret_access_key}
    if role:
        session = place.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        names = {
            "AccessKeyId": "ACCESS_KEY_ID",
            "SecretAccessKey": "SECRET_ACCESS_KEY",
            "SessionToken": "SESSION_TOKEN",
        }
        keys = {f"AWS_{name}": session[key] for key, name in names.items()}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    return {"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": place.endpoint_url}


@needs_mlflow
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_run_is_recorded_and_found_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assembly, state = tmp_path / "assembly", tmp_path / "state"
    assembly.mkdir()
    (assembly / "tracking.template.json").write_text(json.dumps(template()))
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "tracking.template.json"},
    }
    (assembly / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"tracking": stack}}))
    status = cloud.up(assembly, state, environment="test", cache=CACHE)
    try:
        place = Place(endpoint_url=status.endpoint_url, administrator=cloud.credentials(state))
        app = str(status.stacks["tracking"]["outputs"]["Arn"])
        server = Mlflow(app, signing(place, monkeypatch))
        experiment = server.experiment("reverser")
        run = server.create_run(experiment, "first", {"slipway.run": "first"})["info"]
        server.log(run["run_id"], metrics={"train_loss": 2.5}, step=1, parameters={"strategy": "lora"})
        server.log(run["run_id"], metrics={"train_loss": 1.5}, step=2)
        server.log_dataset(run["run_id"], "training", sha256="a" * 64, source="s3://b/k/", context="training")
        assert server.model_version("reverser", source="s3://b/m", run_id=run["run_id"], tags={}) == "1"
        assert server.model_version("reverser", source="s3://b/m", run_id=run["run_id"], tags={}) == "1"
        cloud.down(state)
        status = cloud.up(assembly, state, environment="test", cache=CACHE)
        place = Place(endpoint_url=status.endpoint_url, administrator=cloud.credentials(state))
        again = Mlflow(app, signing(place, monkeypatch))
        found = again.find_run(again.experiment("reverser"), "slipway.run", "first")
        assert found is not None
        (metric,) = found["data"]["metrics"]
        assert (metric["key"], metric["value"], int(metric["step"])) == ("train_loss", 1.5, 2)
        assert found["inputs"]["dataset_inputs"][0]["dataset"]["digest"] == "a" * 36
        assert found["info"]["artifact_uri"].startswith("s3://experiments-of-a-test/mlflow/")
        assert place.client("sagemaker").describe_mlflow_app(Arn=app)["Status"] == "Created"
    finally:
        cloud.down(state)


@needs_mlflow
@pytest.mark.slow
def test_who_is_not_allowed_is_refused(enforcing_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    status = enforcing_cloud.deploy(Mlflow=template(allowed=False))
    found = enforcing_cloud.outputs(status, "Mlflow")
    env = signing(enforcing_cloud.place, monkeypatch, found["Caller"])
    with pytest.raises(MlflowError, match=r"403.*sagemaker:CallMlflowAppApi"):
        Mlflow(found["Arn"], env).experiment("x")
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    status = enforcing_cloud.deploy(Mlflow=template())
    env = signing(enforcing_cloud.place, monkeypatch, found["Caller"])
    assert Mlflow(found["Arn"], env).experiment("x")
    enforcing_cloud.remove("Mlflow")


def test_an_app_that_is_not_there_and_what_is_not_emulated_are_named(local_cloud: Any) -> None:
    sagemaker = local_cloud.place.client("sagemaker")
    with pytest.raises(ClientError, match="does not exist"):
        sagemaker.describe_mlflow_app(Arn="arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-none")
    asked = {"Name": "a", "ArtifactStoreUri": "s3://b/c", "RoleArn": "arn:aws:iam::123456789012:role/service-of-tests"}
    with pytest.raises(ClientError, match="no AccountDefaultStatus"):
        sagemaker.create_mlflow_app(**asked, AccountDefaultStatus="ENABLED")
    arn = sagemaker.create_mlflow_app(**asked)["Arn"]
    with pytest.raises(ClientError, match="already exists"):
        sagemaker.create_mlflow_app(**asked)
    assert [each["Name"] for each in sagemaker.list_mlflow_apps()["Summaries"]] == ["a"]
    sagemaker.update_mlflow_app(Arn=arn, Name="b")
    assert sagemaker.describe_mlflow_app(Arn=arn)["Name"] == "b"
    sagemaker.delete_mlflow_app(Arn=arn)
    assert sagemaker.list_mlflow_apps()["Summaries"] == []
