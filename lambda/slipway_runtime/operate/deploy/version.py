"""A version of the registry: its files, their size, and the shape that its config.json tells.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeModelPackage.html
Source: https://huggingface.co/docs/transformers/main_classes/configuration (config.json)
"""

import json
import tarfile
from typing import Any

import msgspec

from slipway_runtime.operate.deploy.refused import DeploymentRefusedError

CONFIG = "config.json"
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf")
# In an archive the configuration comes before the weights: behind what is larger than this it is not looked for.
MEMBER_BYTES = 64 * 2**20
ARCHIVED = "archived_at"


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """`source`: where the files are, an archive if `packed`.   `weight_bytes`: as they lie there.

    `config`: the config.json, empty if there is none.   `image`: of a container that the package names itself.
    """

    arn: str
    name: str
    number: int
    status: str
    approval: str
    source: str
    packed: bool
    weight_bytes: int
    config: dict[str, Any]
    image: str = ""
    properties: dict[str, str] = {}

    @property
    def label(self) -> str:
        """Return GROUP/NUMBER."""
        return f"{self.name}/{self.number}"


def read_version(sagemaker: Any, s3: Any, arn: str) -> Version:
    """Return a version. Raises: DeploymentRefusedError if it has no files, or none that are named."""
    found = sagemaker.describe_model_package(ModelPackageName=arn)
    container = (found.get("InferenceSpecification", {}).get("Containers") or [{}])[0]
    given = container.get("ModelDataSource", {}).get("S3DataSource", {})
    source = given.get("S3Uri") or container.get("ModelDataUrl") or found.get("SourceUri") or ""
    label = f"{found['ModelPackageGroupName']}/{found['ModelPackageVersion']}"
    if not source.startswith("s3://"):
        raise DeploymentRefusedError(
            f"{label} names no files in S3", "Register it anew: `slipway models register NAME FOLDER`."
        )
    packed = not source.endswith("/")
    size, config = (_archive if packed else _folder)(s3, label, *_place(source))
    return Version(
        arn=found["ModelPackageArn"],
        name=found["ModelPackageGroupName"],
        number=found["ModelPackageVersion"],
        status="Archived" if ARCHIVED in found.get("CustomerMetadataProperties", {}) else found["ModelApprovalStatus"],
        approval=found.get("ApprovalDescription", ""),
        source=source,
        packed=packed,
        weight_bytes=size,
        config=config,
        image=container.get("Image", ""),
        properties=found.get("CustomerMetadataProperties", {}),
    )


def _place(source: str) -> tuple[str, str]:
    bucket, _, key = source.removeprefix("s3://").partition("/")
    return bucket, key


def _folder(s3: Any, label: str, bucket: str, prefix: str) -> tuple[int, dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    sizes = {each["Key"].removeprefix(prefix): each["Size"] for page in pages for each in page.get("Contents", ())}
    if not sizes:
        raise _gone(label, f"s3://{bucket}/{prefix}")
    config = {}
    if CONFIG in sizes:
        config = json.loads(s3.get_object(Bucket=bucket, Key=prefix + CONFIG)["Body"].read())
    weights = [size for name, size in sizes.items() if name.endswith(WEIGHTS)]
    return sum(weights), config


def _archive(s3: Any, label: str, bucket: str, key: str) -> tuple[int, dict[str, Any]]:
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        raise _gone(label, f"s3://{bucket}/{key}") from None
    with found["Body"] as body, tarfile.open(fileobj=body, mode="r|gz") as archive:
        for member in archive:
            if member.name.removeprefix("./") == CONFIG:
                held = archive.extractfile(member)
                return found["ContentLength"], json.loads(held.read()) if held else {}
            if member.size > MEMBER_BYTES:
                break
    return found["ContentLength"], {}


def _gone(label: str, where: str) -> DeploymentRefusedError:
    return DeploymentRefusedError(
        f"The files of {label} are not there: {where}", "Register the model anew, or restore them from the archive."
    )
