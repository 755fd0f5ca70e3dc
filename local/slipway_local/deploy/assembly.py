"""Reads a cloud assembly (the folder that `cdk synth` writes) and puts its file assets into the bootstrap bucket.

Source: https://github.com/aws/aws-cdk-cli, packages/@aws-cdk/cloud-assembly-schema
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway_local.aws import DEFAULT_ACCOUNT, DEFAULT_REGION, Place
from slipway_local.deploy.request import StackRequest

ENVIRONMENT = re.compile(r"aws://([^/]+)/([^/]+)")


@dataclass(frozen=True, kw_only=True)
class AssemblyStack:
    """One stack of an assembly; `depends_on` holds the ids of the stacks that must be deployed before it."""

    artifact_id: str
    name: str
    account: str
    region: str
    template_path: Path
    asset_manifests: tuple[Path, ...]
    depends_on: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]
    termination_protection: bool
    bootstrap_version: int

    def request(self) -> StackRequest:
        """Return what the engine is to deploy."""
        return StackRequest(
            name=self.name,
            template=self.template_path.read_text(encoding="utf-8"),
            settings={"Tags": [{"Key": key, "Value": value} for key, value in self.tags]},
            on_failure="DELETE",
            of_assembly=True,
        )


def read_assembly(folder: Path) -> list[AssemblyStack]:
    """Return all stacks of an assembly and of those nested in it, each after the stacks that it depends on.

    Raises FileNotFoundError if the folder is no cloud assembly, ValueError if stacks depend on each other in a circle.
    """
    stacks = {stack.artifact_id: stack for stack in _stacks(folder)}
    ordered: dict[str, AssemblyStack] = {}

    def visit(artifact_id: str, path: tuple[str, ...]) -> None:
        if artifact_id in path:
            raise ValueError(f"stacks depend on each other: {' -> '.join([*path, artifact_id])}")
        if artifact_id in ordered or artifact_id not in stacks:
            return
        for dependency in stacks[artifact_id].depends_on:
            visit(dependency, (*path, artifact_id))
        ordered[artifact_id] = stacks[artifact_id]

    for artifact_id in stacks:
        visit(artifact_id, ())
    return list(ordered.values())


def _stacks(folder: Path) -> Iterator[AssemblyStack]:
    artifacts = json.loads((folder / "manifest.json").read_text(encoding="utf-8")).get("artifacts", {})
    for artifact_id, artifact in artifacts.items():
        properties = artifact.get("properties", {})
        if artifact["type"] == "cdk:cloud-assembly":
            yield from _stacks(folder / properties["directoryName"])
        elif artifact["type"] == "aws:cloudformation:stack":
            match = ENVIRONMENT.match(artifact.get("environment", ""))
            account, region = match.groups() if match else ("unknown", "unknown")
            dependencies = artifact.get("dependencies", [])
            manifests = [name for name in dependencies if artifacts[name]["type"] == "cdk:asset-manifest"]
            yield AssemblyStack(
                artifact_id=artifact_id,
                name=properties.get("stackName", artifact_id),
                account=DEFAULT_ACCOUNT if account.startswith("unknown") else account,
                region=DEFAULT_REGION if region.startswith("unknown") else region,
                template_path=folder / properties["templateFile"],
                asset_manifests=tuple(folder / artifacts[name]["properties"]["file"] for name in manifests),
                depends_on=tuple(name for name in dependencies if name not in manifests),
                tags=tuple(sorted(properties.get("tags", {}).items())),
                termination_protection=properties.get("terminationProtection", False),
                bootstrap_version=properties.get("requiresBootstrapStackVersion", 0),
            )


def upload_assets(stack: AssemblyStack, place: Place, progress: Callable[[str], None]) -> None:
    """Put the stack's file assets where its template expects them; what is there already is left alone.

    Raises ValueError for a container image asset: images are not emulated.
    """
    for path in stack.asset_manifests:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest.get("dockerImages"):
            raise ValueError(f"{stack.name}: container image assets are not emulated ({path.name})")
        for entry in manifest.get("files", {}).values():
            for destination in entry["destinations"].values():
                bucket, key = (_placeholders(destination[part], place) for part in ("bucketName", "objectKey"))
                source = path.parent / entry["source"]["path"]
                if not _exists(place.client("s3"), bucket, key):
                    progress(f"uploading {source.name}")
                    body = zip_folder(source) if entry["source"]["packaging"] == "zip" else source.read_bytes()
                    _put(place.client("s3"), bucket, key, body)


def _exists(s3: Any, bucket: str, key: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket"):
            return False
        raise
    return True


def _put(s3: Any, bucket: str, key: str, body: bytes) -> None:
    from botocore.exceptions import ClientError

    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        location = {} if s3.meta.region_name == DEFAULT_REGION else {"LocationConstraint": s3.meta.region_name}
        s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": location} if location else {}))
    s3.put_object(Bucket=bucket, Key=key, Body=body)


def zip_folder(folder: Path) -> bytes:
    """Return a zip of a folder that is the same for the same content: sorted, with fixed times, not compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
            info.external_attr = (0o755 if path.stat().st_mode & 0o111 else 0o644) << 16
            archive.writestr(info, path.read_bytes())
    return buffer.getvalue()


def _placeholders(text: str, place: Place) -> str:
    values = {"AccountId": place.account, "Region": place.region, "Partition": place.partition}
    for name, value in values.items():
        text = text.replace(f"${{AWS::{name}}}", value)
    return text
