"""SageMaker jobs for tests: an archive of code, a role, the smallest requests, and waiting for their end."""

import io
import tarfile
from typing import Any

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-training:2.9.0"


def archive(files: dict[str, str]) -> bytes:
    """Return a .tar.gz of files by name."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def members(data: bytes) -> dict[str, str]:
    """Return the files of a .tar.gz by name."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        files = {each.name: tar.extractfile(each) for each in tar.getmembers() if each.isfile()}
        return {name: file.read().decode() for name, file in files.items() if file}


def training_request(bucket: str, name: str, **more: Any) -> dict[str, Any]:
    """Return a request for a job that runs train.py of `code/NAME.tar.gz`."""
    given = {"sagemaker_submit_directory": f"s3://{bucket}/code/{name}.tar.gz", "sagemaker_program": "train.py"}
    return {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/out"},
        "ResourceConfig": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        **more,
        "HyperParameters": given | more.get("HyperParameters", {}),
    }
