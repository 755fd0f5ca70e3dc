"""Runs of Glue jobs: what a script that fails, or is stopped, leaves behind.

Expectations: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html and
https://docs.aws.amazon.com/glue/latest/webapi/API_BatchStopJobRun.html
"""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_local.functions.packages import Packages
from slipway_local.glue import runtime

CACHE = Path(__file__).resolve().parents[3] / ".slipway" / "cache"
BUCKET = "glue-scripts"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.capability("O14"),
    pytest.mark.skipif(not runtime.is_installed(Packages(CACHE)), reason="Spark is not installed; `make spark`"),
]


@pytest.fixture(scope="module")
def s3(local_cloud: Any) -> Any:
    client = local_cloud.place.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def start(local_cloud: Any, s3: Any, name: str, script: str, **settings: Any) -> tuple[Any, str]:
    s3.put_object(Bucket=BUCKET, Key=f"{name}.py", Body=script.encode())
    glue = local_cloud.place.client("glue")
    command = {"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/{name}.py", "PythonVersion": "3"}
    role = "arn:aws:iam::123456789012:role/glue"
    glue.create_job(Name=name, Role=role, GlueVersion="5.1", Command=command, **settings)
    return glue, glue.start_job_run(JobName=name)["JobRunId"]


def ended(local_cloud: Any, glue: Any, name: str, run: str) -> dict[str, Any]:
    def check() -> Any:
        shown = glue.get_job_run(JobName=name, RunId=run)["JobRun"]
        return shown if shown["JobRunState"] not in ("STARTING", "RUNNING", "STOPPING") else None

    found: dict[str, Any] = local_cloud.eventually(check, seconds=60, what="the end of the run")
    return found


def test_a_script_that_fails_says_why(local_cloud: Any, s3: Any) -> None:
    glue, run = start(local_cloud, s3, "fails", "raise SystemExit('the input is gone')")

    shown = ended(local_cloud, glue, "fails", run)

    assert (shown["JobRunState"], shown["ErrorMessage"]) == ("FAILED", "the input is gone")
    logs = local_cloud.place.client("logs")
    events = logs.get_log_events(logGroupName="/aws-glue/jobs/error", logStreamName=run)["events"]
    assert [event["message"] for event in events] == ["the input is gone"]


def test_a_run_is_stopped_once_and_a_second_one_has_to_wait(local_cloud: Any, s3: Any) -> None:
    glue, run = start(local_cloud, s3, "sleeps", "import time; time.sleep(600)")

    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        glue.start_job_run(JobName="sleeps")
    answer = glue.batch_stop_job_run(JobName="sleeps", JobRunIds=[run, "jr_nobody"])

    assert [one["JobRunId"] for one in answer["SuccessfulSubmissions"]] == [run]
    assert [one["JobRunId"] for one in answer["Errors"]] == ["jr_nobody"]
    assert ended(local_cloud, glue, "sleeps", run)["JobRunState"] == "STOPPED"


def test_a_job_sees_the_packages_of_glue_and_nothing_of_this_project(local_cloud: Any, s3: Any) -> None:
    script = (
        "import importlib.util as u, pyspark; assert pyspark.__version__ == '3.5.6'; assert not u.find_spec('stacks')"
    )
    glue, run = start(local_cloud, s3, "alone", script)

    assert ended(local_cloud, glue, "alone", run)["JobRunState"] == "SUCCEEDED"
