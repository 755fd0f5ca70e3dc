"""Which files are sent again: S3 and SSM are moto's, the gateway lists what a platform would make of the objects."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from slipway_cli import main
from slipway_cli.gateway import Gateway
from slipway_cli.ingest import TENANT
from slipway_cli.target import Target

BUCKET = "raw"


def listed() -> list[dict[str, Any]]:
    s3, found = boto3.client("s3"), []
    for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        head = s3.head_object(Bucket=BUCKET, Key=entry["Key"])
        status = "indexed" if entry["Size"] else "rejected"
        document = {"path": entry["Key"].removeprefix(f"{TENANT}/"), "status": status, "reason": "empty", "chunks": 1}
        found.append(document | {"version_id": head["VersionId"], "etag": head["ETag"].strip('"')})
    return found


@pytest.fixture(autouse=True)
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(Gateway, "documents", lambda self, **filters: iter(listed()))
    monkeypatch.setattr(main, "find_target", lambda *_, **__: Target("dev", None, "us-east-1"))
    monkeypatch.setattr(Target, "gateway_url", "http://localhost:1/v1")
    monkeypatch.setattr(Target, "api_key", "key")
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        name = "/slipway/dev/foundation/raw-bucket-name"
        boto3.client("ssm").put_parameter(Name=name, Value=BUCKET, Type="String")
        yield


def sent(*arguments: str) -> tuple[set[str], int]:
    """The paths of which this run of `slipway ingest` wrote a version, and its exit code."""
    before = {document["path"]: document["version_id"] for document in listed()}
    code = CliRunner().invoke(main.app, ["ingest", *arguments]).exit_code
    return {each["path"] for each in listed() if before.get(each["path"]) != each["version_id"]}, code


def test_what_was_rejected_is_sent_again_and_what_is_searchable_only_when_asked(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "good.md").write_text("# Good")
    (folder / "bad.md").write_text("")
    both = {"docs/good.md", "docs/bad.md"}
    assert sent(str(folder)) == (both, 0)
    assert sent(str(folder)) == ({"docs/bad.md"}, 0)
    assert sent(str(folder), "--again") == (both, 0)


def test_nothing_searchable_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text("")
    assert sent(str(tmp_path / "bad.md"))[1] == 1
    assert sent(str(tmp_path / "bad.md"), "--json")[1] == 1
