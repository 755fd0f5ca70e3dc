"""The members of CreateTrainingJob that differ from run to run.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from dataclasses import asdict
from typing import Any

from slipway_runtime.train.pipeline.freeze import FILES
from slipway_runtime.train.pipeline.request import MODELS, Request
from slipway_runtime.train.pipeline.run import Run
from slipway_runtime.train.pipeline.tracked import Tracking
from slipway_runtime.train.settings import TrainingSettings

PROGRAM = "train.py"


def members(
    run: Run, request: Request, settings: TrainingSettings, code: str, version: str, tracking: Tracking
) -> dict[str, Any]:
    """Return hyperparameters, channels, environment and places. `code`: the address of the job's archive."""
    asked = TrainingSettings()
    own = {name: str(value) for name, value in asdict(settings).items() if value != getattr(asked, name)}
    own |= {"strategy": settings.strategy, "sagemaker_program": PROGRAM, "sagemaker_submit_directory": code}
    channels = {name: run.address(key.rpartition("/")[0] + "/") for name, key in FILES.items()}
    if request.base.startswith(MODELS):
        channels["model"] = f"s3://{run.bucket.name}/{request.base.rstrip('/')}/"
    return {
        "HyperParameters": own,
        "InputDataConfig": [_channel(name, address) for name, address in channels.items()],
        "Environment": {
            "SLIPWAY_CODE_VERSION": version,
            **tracking.variables(run.id, request.name, run.address("data/")),
        },
        "Output": run.address("output"),
        "Checkpoints": run.address("checkpoints"),
    }


def _channel(name: str, address: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": address, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}
