"""Documents that cannot be read, from the outside: each is rejected with a reason, and its object stays."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.target import Target
from support.command import Slipway
from support.waiting import wait_for


def docx_bomb() -> bytes:
    """A DOCX whose one part unpacks to 1 GiB of zeros."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            block = bytes(1 << 20)
            for _ in range(1024):
                part.write(block)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def report(slipway: Slipway, dev: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("parent") / "bad"
    folder.mkdir()
    (folder / "empty.md").write_bytes(b"")
    (folder / "blank.txt").write_bytes(b" \n\t\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj <<")
    (folder / "bomb.docx").write_bytes(docx_bomb())
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    (folder / "program.md").write_bytes(b"\x7fELF" + bytes(range(256)) * 4)
    (folder / "broken.json").write_bytes(b'{"a": [1, 2')
    (folder / "good.md").write_bytes(b"# Kettles\n\nA kettle boils two litres of water in four minutes.\n")
    (folder / "latin.txt").write_bytes("Die Straße ist naß, und der Schlüssel heißt Ärmel.".encode("latin-1"))
    (folder / "utf16.txt").write_bytes("Wide characters are read as well.".encode("utf-16"))
    return slipway.json("ingest", folder)


@pytest.mark.capability("D1")
@pytest.mark.parametrize(
    "name",
    ["empty.md", "blank.txt", "broken.pdf", "bomb.docx", "picture.png", "program.md", "broken.json"],
)
def test_what_cannot_be_read_is_rejected_with_a_reason_and_kept(
    report: dict[str, Any], target: Target, slipway: Slipway, name: str
) -> None:
    reasons = {item["object"]: item["reason"] for item in report["rejected"]}
    assert len(reasons[f"bad/{name}"]) > 20
    bucket = target.parameter("foundation/raw-bucket-name")
    assert target.client("s3").head_object(Bucket=bucket, Key=f"default/bad/{name}")
    table = target.parameter("foundation/rejects-table-name")
    items = target.client("dynamodb").scan(TableName=table)["Items"]
    assert f"default/bad/{name}" in {item["key"]["S"] for item in items}


def test_the_good_ones_beside_them_are_searchable(report: dict[str, Any], slipway: Slipway) -> None:
    assert report["documents"] == 3
    answer = slipway.json("ask", "How long does a kettle take to boil two litres of water?")
    assert answer["grounded"]
    assert answer["citations"][0]["document"] == "bad/good.md"


def test_what_was_rejected_fails_alone_and_is_tried_again(
    slipway: Slipway, report: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/empty.md").write_bytes(b"")
    before = {item["path"]: item["version_id"] for item in slipway.json("documents", "--prefix", "bad/")}
    assert slipway.run("ingest", tmp_path / "bad").returncode == 1
    after = {item["path"]: item["version_id"] for item in slipway.json("documents", "--prefix", "bad/")}
    assert {path for path in after if after[path] != before[path]} == {"bad/empty.md"}


@pytest.mark.parametrize("key", ["no-tenant.md", "default/../secret.md", "default//double.md", "UPPER/case.md"])
def test_path_tricks_in_a_key_are_rejected(target: Target, key: str) -> None:
    bucket = target.parameter("foundation/raw-bucket-name")
    target.client("s3").put_object(Bucket=bucket, Key=key, Body=b"# Trick\n\nSome text that is long enough.")
    table = target.parameter("foundation/rejects-table-name")
    assert wait_for(lambda: key in rejected_keys(target, table))


def rejected_keys(target: Target, table: str) -> set[str]:
    return {item["key"]["S"] for item in target.client("dynamodb").scan(TableName=table)["Items"]}
