"""Runs of EMR Serverless: what a script that fails, or is cancelled, leaves behind, and what is refused.

Expectations: https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_StartJobRun.html, API_JobRun.html and
API_CancelJobRun.html
"""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_local.functions.packages import Packages
from slipway_local.glue import runtime

CACHE = Path(__file__).resolve().parents[3] / ".slipway" / "cache"
BUCKET = "emr-scripts"
ROLE = "arn:aws:iam::123456789012:role/emr"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.capability("O14"),
    pytest.mark.skipif(not runtime.is_installed(Packages(CACHE)), reason="Spark is not installed; `make spark`"),
]


@pytest.fixture(scope="module")
def emr(local_cloud: Any) -> Any:
    local_cloud.place.client("s3").create_bucket(Bucket=BUCKET)
    return local_cloud.place.client("emr-serverless")


def made(emr: Any, release: str = "emr-7.11.0", **settings: Any) -> str:
    identifier: str = emr.create_application(releaseLabel=release, type="SPARK", **settings)["applicationId"]
    return identifier


def start(local_cloud: Any, emr: Any, script: str, *, options: str = "", **settings: Any) -> dict[str, str]:
    local_cloud.place.client("s3").put_object(Bucket=BUCKET, Key="script.py", Body=script.encode())
    application = settings.pop("application", None) or made(emr)
    submit = {"entryPoint": f"s3://{BUCKET}/script.py", "entryPointArguments": ["--prefix="]}
    driver = {"sparkSubmit": {**submit, "sparkSubmitParameters": options} if options else submit}
    run = emr.start_job_run(
        applicationId=application, executionRoleArn=ROLE, **{"jobDriver": driver, **settings}
    )["jobRunId"]  # fmt: skip
    return {"applicationId": application, "jobRunId": run}


def ended(local_cloud: Any, emr: Any, which: dict[str, str]) -> dict[str, Any]:
    def check() -> Any:
        shown = emr.get_job_run(**which)["jobRun"]
        return shown if shown["state"] in ("SUCCESS", "FAILED", "CANCELLED") else None

    found: dict[str, Any] = local_cloud.eventually(check, seconds=60, what="the end of the run")
    return found


def test_a_run_gets_its_arguments_and_its_logs_go_to_the_group_of_the_application(local_cloud: Any, emr: Any) -> None:
    logging = {"cloudWatchLoggingConfiguration": {"enabled": True, "logGroupName": "corpus-runs"}}
    application = made(emr, monitoringConfiguration=logging, architecture="ARM64")

    which = start(local_cloud, emr, "import sys; print(sys.argv[1:])", application=application)
    shown = ended(local_cloud, emr, which)

    assert (shown["state"], shown["stateDetails"]) == ("SUCCESS", "")
    members = emr.meta.service_model.shape_for("JobRun")
    assert set(members.required_members) <= shown.keys() <= set(members.members)
    stream = f"/applications/{application}/jobs/{which['jobRunId']}/SPARK_DRIVER/stdout"
    events = local_cloud.place.client("logs").get_log_events(logGroupName="corpus-runs", logStreamName=stream)["events"]
    assert [event["message"] for event in events] == ["['--prefix=']"]
    kept = emr.get_application(applicationId=application)["application"]
    assert (kept["architecture"], kept["monitoringConfiguration"]) == ("ARM64", logging)


def test_a_script_that_fails_says_why(local_cloud: Any, emr: Any) -> None:
    shown = ended(local_cloud, emr, start(local_cloud, emr, "raise SystemExit('the input is gone')"))

    assert (shown["state"], shown["stateDetails"]) == ("FAILED", "the input is gone")


def test_a_run_that_is_cancelled_ends_as_cancelled(local_cloud: Any, emr: Any) -> None:
    which = start(local_cloud, emr, "import time; time.sleep(600)")

    emr.cancel_job_run(**which)

    assert ended(local_cloud, emr, which)["state"] == "CANCELLED"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"jobDriver": {"hive": {"query": "SELECT 1"}}}, "the job driver hive"),
        ({"retryPolicy": {"maxAttempts": 2}}, "retryPolicy"),
        ({"options": "--jars s3://bucket/a.jar"}, "--jars"),
        ({"options": "--conf spark.executorEnv.PYTHONPATH=/opt/own"}, "PYTHONPATH /opt/own"),
        ({"options": "--conf spark.executorEnv.TOKEN=1"}, "spark.executorEnv.TOKEN"),
    ],
)
def test_what_cannot_be_run_here_is_refused_by_name(
    local_cloud: Any, emr: Any, given: dict[str, Any], named: str
) -> None:
    with pytest.raises(ClientError) as refused:
        start(local_cloud, emr, "", **given)

    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert named in refused.value.response["Error"]["Message"]


def test_a_release_of_another_spark_is_refused(local_cloud: Any, emr: Any) -> None:
    with pytest.raises(ClientError, match=r"the release emr-6\.15\.0"):
        start(local_cloud, emr, "", application=made(emr, "emr-6.15.0"))
