"""Spark on EMR Serverless: the application, what a run is started with, who may do what, and what is refused."""

import json
import shlex
from typing import Any

import boto3
import pytest
from botocore.validate import validate_parameters

from slipway_constructs.emr_serverless_job import as_one
from stacks.settings_file import SettingsError

ON = """
removal: destroy
encryption: {customer_managed_key: true}
ingestion:
  corpus: {spark: emr_serverless, workers: 3, timeout_minutes: 90}
  rules: {redact: {kinds: [email]}}
"""


@pytest.fixture
def trial(synthesise: Any) -> Any:
    return synthesise(ON)


def states(trial: Any) -> dict[str, Any]:
    text = trial.one("corpus", "AWS::StepFunctions::StateMachine")["DefinitionString"]
    parts = text["Fn::Join"][1]
    found: dict[str, Any] = json.loads("".join(part if isinstance(part, str) else "token" for part in parts))["States"]
    return found


@pytest.mark.capability("D8")
def test_the_application_is_pinned_starts_and_stops_by_itself_and_has_a_limit(trial: Any) -> None:
    application = trial.one("corpus", "AWS::EMRServerless::Application")

    assert (application["ReleaseLabel"], application["Type"], application["Architecture"]) == (
        "emr-7.11.0", "SPARK", "ARM64"
    )  # fmt: skip
    assert application["AutoStartConfiguration"] == {"Enabled": True}
    assert application["AutoStopConfiguration"] == {"Enabled": True, "IdleTimeoutMinutes": 15}
    assert application["MaximumCapacity"] == {"Cpu": "12 vCPU", "Memory": "48 GB", "Disk": "60 GB"}
    assert "InitialCapacity" not in application  # it would cost while nothing runs
    assert trial.of("corpus", "AWS::Glue::Job") == []


@pytest.mark.capability("D8")
def test_a_run_is_started_with_what_botocore_takes_and_the_rules_of_the_ingesting_function(trial: Any) -> None:
    start, gathered = states(trial)["SparkRun"], states(trial)["Spark"]["Parameters"]
    submit = start["Parameters"]["JobDriver"]["SparkSubmit"]
    options = shlex.split(submit["SparkSubmitParameters"])
    rules = trial.function("ingestion", "ingest_document")["Environment"]["Variables"]["RULES"]
    request = {
        "applicationId": "00f1", "executionRoleArn": "arn:aws:iam::123456789012:role/emr", "clientToken": "once",
        "executionTimeoutMinutes": start["Parameters"]["ExecutionTimeoutMinutes"],
        "jobDriver": {"sparkSubmit": {
            "entryPoint": submit["EntryPoint"], "entryPointArguments": gathered["every"],
            "sparkSubmitParameters": submit["SparkSubmitParameters"],
        }},
    }  # fmt: skip
    client = boto3.client("emr-serverless", region_name="eu-west-1")
    shape = client.meta.service_model.operation_model("StartJobRun").input_shape

    assert start["Resource"].endswith(":states:::emr-serverless:startJobRun.sync")
    assert start["Next"] == "Report"
    validate_parameters(request, shape)
    assert f"--rules={rules}" in gathered["every"]
    assert {"--input", "--output", "--rules", "--leave-open"} <= {one.split("=")[0] for one in gathered["every"]}
    assert all(f"States.Format('--{name}={{}}'" in gathered["own.$"] for name in ("run-id", "date", "prefix"))
    assert "spark.dynamicAllocation.maxExecutors=2" in options
    assert "spark.executorEnv.PYSPARK_PYTHON=/usr/bin/python3.11" in options
    assert options[options.index("--archives") + 1].endswith("#packages")


def test_only_what_each_part_needs_is_allowed(trial: Any) -> None:
    assert trial.allowed("corpus", "EmrServerless") == {
        *("s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:AbortMultipartUpload"),
        *("kms:Decrypt", "kms:GenerateDataKey"),
        *("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents", "logs:DescribeLogGroups"),
    }
    policies = json.dumps([item["Properties"] for item in trial.of("corpus", "AWS::IAM::Policy")])
    for action in ("StartJobRun", "GetJobRun", "CancelJobRun"):
        assert f"emr-serverless:{action}" in policies
    assert '"iam:PassedToService": "emr-serverless.amazonaws.com"' in policies
    assert "StepFunctionsGetEventsForEMRServerlessJobRule" in policies


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (("timeout_minutes: 90", "timeout_minutes: 4"), "ingestion.corpus.timeout_minutes"),
        (("kinds: [email]", "kinds: [email, name]"), "ingestion.corpus.spark"),
    ],
)
def test_what_emr_serverless_cannot_do_is_refused_at_synth(synthesise: Any, change: tuple[str, str], key: str) -> None:
    with pytest.raises(SettingsError, match=key.replace(".", r"\.")):
        synthesise(ON.replace(*change))


def test_an_argument_longer_than_emr_takes_is_refused_before_it_is_deployed() -> None:
    with pytest.raises(ValueError, match="--rules has 10281 characters, and EMR Serverless takes 10280"):
        as_one("--rules", "x" * 10_273)
    assert as_one("--prefix", "") == "--prefix="  # an argument of its own may not be empty
