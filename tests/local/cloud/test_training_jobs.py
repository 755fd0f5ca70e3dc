"""Training jobs run their own code under SageMaker's contract, and end as SageMaker says.

Expectations: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
"""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from slipway_local import remote
from support.jobs import ROLE, archive, members, training_request

BUCKET = "training-jobs"
pytestmark = pytest.mark.capability("O14")
LEARNS = """
import json, os, pathlib, sys
channel = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"])
assert (channel / "a.jsonl").read_text() == "first"
assert (channel / "deep" / "b.jsonl").read_text() == "second"
assert json.loads(os.environ["SM_HPS"]) == {"epochs": 3, "note": "two words"}
assert sys.argv[1:] == ["--epochs", "3", "--note", "two words"], sys.argv
assert os.environ["SM_CURRENT_INSTANCE_TYPE"] == "ml.g5.xlarge" and os.environ["COLOUR"] == "red"
print("metrics step=1 train_loss=2.5"); print("metrics step=2 train_loss=1.25")
pathlib.Path(os.environ["SM_MODEL_DIR"], "weights").write_text("learnt")
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "metrics.json").write_text("{}")
"""
RESUMES = """
import os, pathlib, signal, sys, time
folder = pathlib.Path(os.environ["SM_BASE_DIR"], "checkpoints")
folder.mkdir(exist_ok=True)
file = folder / "step"
if file.exists():
    pathlib.Path(os.environ["SM_MODEL_DIR"], "from").write_text(file.read_text())
    sys.exit(0)
def notice(*_):
    file.write_text("7")
    sys.exit(0)
signal.signal(signal.SIGTERM, notice)
print("ready", flush=True)
time.sleep(600)
"""
FAILS = """
import os, pathlib, sys
pathlib.Path(os.environ["SM_OUTPUT_DIR"], "failure").write_text("The data is empty. Give some.")
sys.exit(1)
"""


@pytest.fixture(scope="module")
def s3(local_cloud: Any) -> Any:
    client = local_cloud.place.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture(scope="module")
def sagemaker(local_cloud: Any) -> Any:
    """A client that checks what it sends."""
    session: Any = boto3.Session("x", "x", region_name="us-east-1")
    return session.client("sagemaker", endpoint_url=local_cloud.place.endpoint_url)


def start(sagemaker: Any, s3: Any, name: str, script: str, **more: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"code/{name}.tar.gz", Body=archive({"train.py": script}))
    sagemaker.create_training_job(**training_request(BUCKET, name, **more))


def ended(local_cloud: Any, sagemaker: Any, name: str) -> dict[str, Any]:
    def check() -> Any:
        shown = sagemaker.describe_training_job(TrainingJobName=name)
        return shown if shown["TrainingJobStatus"] not in ("InProgress", "Stopping") else None

    return dict(local_cloud.eventually(check, seconds=60, what="the end of the job"))


def training(local_cloud: Any, name: str) -> bool:
    """Whether the script has said that it is ready."""
    logs = local_cloud.place.client("logs")
    return bool(logs.filter_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{name}/", filterPattern="ready"
    )["events"])  # fmt: skip


def test_a_job_reads_its_channels_and_leaves_model_metrics_and_log(local_cloud: Any, s3: Any, sagemaker: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="data/a.jsonl", Body=b"first")
    s3.put_object(Bucket=BUCKET, Key="data/deep/b.jsonl", Body=b"second")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data", "S3DataDistributionType": "FullyReplicated"}
    loss = {"Name": "train:loss", "Regex": r"train_loss=([0-9.]+)"}
    algorithm = training_request(BUCKET, "x")["AlgorithmSpecification"] | {"MetricDefinitions": [loss]}
    start(
        sagemaker, s3, "learns", LEARNS, Environment={"COLOUR": "red"}, AlgorithmSpecification=algorithm,
        InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
        HyperParameters={"epochs": "3", "note": '"two words"'},
    )  # fmt: skip

    shown = ended(local_cloud, sagemaker, "learns")

    assert (shown["TrainingJobStatus"], shown["SecondaryStatus"]) == ("Completed", "Completed"), shown
    phases = [each["Status"] for each in shown["SecondaryStatusTransitions"]]
    assert phases == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert [(one["MetricName"], one["Value"]) for one in shown["FinalMetricDataList"]] == [("train:loss", 1.25)]
    assert shown["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{BUCKET}/out/learns/output/model.tar.gz"
    assert members(s3.get_object(Bucket=BUCKET, Key="out/learns/output/model.tar.gz")["Body"].read()) == {
        "weights": "learnt"
    }
    assert "metrics.json" in members(s3.get_object(Bucket=BUCKET, Key="out/learns/output/output.tar.gz")["Body"].read())
    logs = local_cloud.place.client("logs")
    group = "/aws/sagemaker/TrainingJobs"
    stream = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="learns/")["logStreams"][0]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    assert [each["message"] for each in events] == ["metrics step=1 train_loss=2.5", "metrics step=2 train_loss=1.25"]
    listed = sagemaker.list_training_jobs(NameContains="learns")["TrainingJobSummaries"]
    assert [one["TrainingJobStatus"] for one in listed] == ["Completed"]


def test_a_spot_instance_that_is_taken_away_goes_on_from_its_checkpoint(
    local_cloud: Any, s3: Any, sagemaker: Any
) -> None:
    start(
        sagemaker, s3, "resumes", RESUMES, EnableManagedSpotTraining=True,
        CheckpointConfig={"S3Uri": f"s3://{BUCKET}/checkpoints/resumes"},
        StoppingCondition={"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 900},
    )  # fmt: skip
    local_cloud.eventually(lambda: training(local_cloud, "resumes"), seconds=30)

    remote.ask(local_cloud.state, "POST", "training/interrupt", {"job": "resumes"})
    shown = ended(local_cloud, sagemaker, "resumes")

    assert shown["TrainingJobStatus"] == "Completed", shown
    phases = [each["Status"] for each in shown["SecondaryStatusTransitions"]]
    assert phases[2:6] == ["Training", "Interrupted", "Starting", "Downloading"]
    model = s3.get_object(Bucket=BUCKET, Key="out/resumes/output/model.tar.gz")["Body"].read()
    assert members(model) == {"from": "7"}
    with pytest.raises(remote.RefusedRequestError, match="no training job resumes is in progress"):
        remote.ask(local_cloud.state, "POST", "training/interrupt", {"job": "resumes"})


def test_a_job_that_fails_says_why_and_a_stopped_one_is_stopped(local_cloud: Any, s3: Any, sagemaker: Any) -> None:
    start(sagemaker, s3, "fails", FAILS)
    start(sagemaker, s3, "stops", RESUMES)
    local_cloud.eventually(lambda: training(local_cloud, "stops"), seconds=30)
    sagemaker.stop_training_job(TrainingJobName="stops")

    failed = ended(local_cloud, sagemaker, "fails")
    assert failed["TrainingJobStatus"] == "Failed"
    assert failed["FailureReason"] == "AlgorithmError: The data is empty. Give some., exit code: 1"
    assert ended(local_cloud, sagemaker, "stops")["TrainingJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="status Stopped"):
        sagemaker.stop_training_job(TrainingJobName="stops")


def test_what_is_not_emulated_is_refused_by_name(local_cloud: Any, s3: Any, sagemaker: Any) -> None:
    resources = {"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30}
    with pytest.raises(ClientError, match="supported is InstanceCount 1"):
        start(sagemaker, s3, "many", "", ResourceConfig=resources)
    with pytest.raises(ClientError, match="sagemaker_submit_directory"):
        sagemaker.create_training_job(**training_request(BUCKET, "image") | {"HyperParameters": {"epochs": "1"}})
    with pytest.raises(ClientError, match="MaxWaitTimeInSeconds"):
        start(sagemaker, s3, "spot", "", EnableManagedSpotTraining=True)
    start(sagemaker, s3, "once", "")
    with pytest.raises(ClientError, match="ResourceInUse"):
        start(sagemaker, s3, "once", "")
    with pytest.raises(ClientError, match="Requested resource not found"):
        sagemaker.describe_training_job(TrainingJobName="nobody")


def test_a_state_machine_follows_a_training_job(local_cloud: Any, s3: Any, machines: Any) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html"""
    s3.put_object(Bucket=BUCKET, Key="code/followed.tar.gz", Body=archive({"train.py": FAILS}))
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Parameters": training_request(BUCKET, "followed"),
        "End": True,
    }
    execution = machines.ended(machines.start({"StartAt": "Train", "States": {"Train": state}}), seconds=60)

    assert execution["status"] == "FAILED"
    assert "Give some." in json.loads(execution["cause"])["FailureReason"]


def test_a_processing_job_runs_its_command_between_inputs_and_outputs(
    local_cloud: Any, s3: Any, sagemaker: Any
) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html"""
    script = "import pathlib, sys\npathlib.Path(sys.argv[2]).write_text(pathlib.Path(sys.argv[1]).read_text().upper())"
    s3.put_object(Bucket=BUCKET, Key="evaluate/run.py", Body=script.encode())
    s3.put_object(Bucket=BUCKET, Key="evaluate/words.txt", Body=b"small")
    given = {"S3Uri": f"s3://{BUCKET}/evaluate/", "LocalPath": "/opt/ml/processing/input", "S3DataType": "S3Prefix",
             "S3InputMode": "File"}  # fmt: skip
    target = {"S3Uri": f"s3://{BUCKET}/evaluated", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}
    sagemaker.create_processing_job(
        ProcessingJobName="upper",
        RoleArn=ROLE,
        AppSpecification={
            "ImageUri": "evaluate:1",
            "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/run.py"],
            "ContainerArguments": ["/opt/ml/processing/input/words.txt", "/opt/ml/processing/output/words.txt"],
        },
        ProcessingInputs=[{"InputName": "all", "S3Input": given}],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "all", "S3Output": target}]},
        ProcessingResources={
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}
        },
    )

    def check() -> Any:
        shown = sagemaker.describe_processing_job(ProcessingJobName="upper")
        return shown if shown["ProcessingJobStatus"] != "InProgress" else None

    shown = local_cloud.eventually(check, seconds=60)
    assert shown["ProcessingJobStatus"] == "Completed", shown
    assert s3.get_object(Bucket=BUCKET, Key="evaluated/words.txt")["Body"].read() == b"SMALL"
