"""What the evaluation job and the gate are told: the candidate beside the model in production, or beside the base.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
"""

import io
import tarfile
from typing import Any

import msgspec

from slipway_runtime.train.pipeline.registry import Registry
from slipway_runtime.train.pipeline.request import MODELS, Request
from slipway_runtime.train.pipeline.run import Run
from slipway_runtime.train.refused import TrainingRefusedError

INPUT, ROOT = "/opt/ml/processing/input", "/opt/ml"
ARCHIVE, BESIDE = "source.tar.gz", ("start.py", "requirements.txt")
WHOLE = "model"  # the manifest's format of a model that needs no base


class Evaluating(msgspec.Struct, frozen=True):
    """How candidates are evaluated. `code`: the s3:// address of the job's archive.   `policy`: the gate's rules.

    `judge`: a model of Bedrock.   `calibration`: a key of the artifacts bucket, people's verdicts on the same items.
    """

    code: str
    metrics: list[str]
    max_new_tokens: int
    instance_type: str
    policy: dict[str, Any]
    judge: str = ""
    calibration: str = ""

    @property
    def least_items(self) -> int:
        """The number of items under which the gate shows nothing."""
        return int(self.policy["minimum_items"])


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Members of CreateProcessingJob and the gate's event. `baseline_of`: a version's ARN, or `base`."""

    inputs: list[dict[str, Any]]
    arguments: list[str]
    output: str
    baseline_of: str
    gate: dict[str, Any]


def compare(run: Run, request: Request, state: dict[str, Any], registry: Registry, how: Evaluating) -> Comparison:
    """Put the job's code into the run's folder, and return what is compared by it.

    Raises: the errors of S3 and of the registry.
    """
    _place(run, how.code)
    production = registry.production(request.name)
    folders = {
        "code": run.address("code/"),
        "items": run.address("items/"),
        "model": state["trained"]["model"],
    }
    arguments = ["--root", ROOT, "--name", "candidate", "--metrics", ",".join(how.metrics)]
    arguments += ["--max-new-tokens", str(how.max_new_tokens)]
    if production:
        folders["production-model"] = production["source"]
    else:
        arguments.append("--against-base")
    if request.base.startswith(MODELS):
        folders["base"] = f"s3://{run.bucket.name}/{request.base.rstrip('/')}/"
    elif not production or state["manifest"]["format"] != WHOLE:
        arguments += ["--base-hub", f"{request.base}@{request.base_revision}"]
    if how.judge:
        arguments += ["--judge", how.judge]
    if how.calibration:
        folders["calibration"] = _labels(run, how.calibration)
    output = run.address("evaluation/")
    return Comparison(
        inputs=[_input(name, address) for name, address in folders.items()],
        arguments=arguments,
        output=output,
        baseline_of=production["arn"] if production else "base",
        gate={
            "candidate": f"{output}report.json",
            "production": f"{output}production/report.json",
            "decision": run.address("gate.json"),
            "policy": how.policy,
        },
    )


def _labels(run: Run, key: str) -> str:
    """Copy people's verdicts to the run, and return their folder. Raises: TrainingRefusedError if there are none."""
    if not run.bucket.has(key):
        raise TrainingRefusedError(
            f"There are no labels {key} to hold the judge against",
            "Upload them, or change training.evaluation.judge.calibration.",
        )
    run.bucket.write(run.key("calibration/labels.jsonl"), run.bucket.read(key))
    return run.address("calibration/")


def _place(run: Run, code: str) -> None:
    """Lay out the archive as a processing container needs it: its program beside it, with what that installs."""
    key = run.key(f"code/{ARCHIVE}")
    if run.bucket.has(key):
        return
    bucket, _, name = code.removeprefix("s3://").partition("/")
    data = run.bucket.client.get_object(Bucket=bucket, Key=name)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        for each in BESIDE:
            file = archive.extractfile(each)
            run.bucket.write(run.key(f"code/{each}"), file.read() if file else b"")
    run.bucket.write(key, data)


def _input(name: str, address: str) -> dict[str, Any]:
    source = {"S3Uri": address, "LocalPath": f"{INPUT}/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": source}
