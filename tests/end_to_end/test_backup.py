"""Everything is destroyed but the backup, and the demo's questions get the same answers: docs/backup-and-restore.md."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.backups.kept import TABLES
from support.command import ROOT, Slipway
from tools.demo import OWN_QUESTIONS

pytestmark = [pytest.mark.capability("O14"), pytest.mark.timeout(900)]
PAGE = (ROOT / "docs" / "backup-and-restore.md").read_text()
BLOCK = re.compile(r"## Destroy everything.*?```console\n(.*?)```", re.DOTALL)
LATER = "How long does a kettle take to boil two litres of water?"


def page_commands() -> list[str]:
    (block,) = BLOCK.findall(PAGE)
    lines = [line.removeprefix("$ ") for line in block.splitlines()]
    return [line for line in lines if not line.startswith("export ")]


def run(slipway: Slipway, places: Path, command: str) -> None:
    env = slipway.env | {"BACKUPS": str(places)}
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr}"


def answered(slipway: Slipway) -> list[dict[str, Any]]:
    """The answers without what a call costs; the ids of chunks and documents are among the citations."""
    answers = [slipway.json("ask", question) for question, _ in OWN_QUESTIONS]
    return [{name: answer[name] for name in ("answer", "grounded", "citations")} for answer in answers]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slipway]:
    own = Slipway(tmp_path_factory.mktemp("home"))
    yield own
    own.run("local", "reset", "--yes")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere") / "backups"


@pytest.fixture(scope="module")
def restored(own: Slipway, places: Path) -> dict[str, Any]:
    """What was asked before the end and after the restore, by the commands of the page."""
    commands = page_commands()
    end = next(at for at, command in enumerate(commands) if "local reset" in command)
    for command in commands[: end - 1]:
        run(own, places, command)
    tenant = own.json("tenants", "create", "acme")
    own.run("prompts", "list")
    before = answered(own)
    tables = tables_of(own)
    run(own, places, commands[end - 1])
    state = own.project.state("dev")
    run(own, places, commands[end])
    assert not state.exists()
    for command in commands[end + 1 :]:
        run(own, places, command)
    return {"before": before, "tables": tables, "tenant": tenant}


def tables_of(slipway: Slipway) -> dict[str, list[Any]]:
    """The items of each table that a backup keeps, apart from meters, which every question moves."""
    place = slipway.place()
    ssm, dynamodb = place.client("ssm"), place.client("dynamodb")
    found = {}
    for name in sorted(TABLES.keys() - {"meters", "holds"}):
        table = ssm.get_parameter(Name=f"/slipway/dev/foundation/{name}-table-name")["Parameter"]["Value"]
        found[name] = sorted(dynamodb.scan(TableName=table)["Items"], key=str)
    return found


def test_the_same_questions_get_the_same_answers(own: Slipway, restored: dict[str, Any]) -> None:
    assert [answer["grounded"] for answer in restored["before"]] == [expected for _, expected in OWN_QUESTIONS]
    assert answered(own) == restored["before"]


def test_tables_are_as_they_were_and_keys_of_tenants_open_the_gateway(own: Slipway, restored: dict[str, Any]) -> None:
    assert restored["tables"]["tenants"]
    assert tables_of(own) == restored["tables"]
    key = restored["tenant"]["key"]
    assert own.run("documents", "--json").returncode == 0
    assert {each["id"] for each in own.json("tenants", "list")} >= {restored["tenant"]["id"]}, key[:4]


def test_an_environment_that_is_not_empty_is_refused(own: Slipway, places: Path, restored: dict[str, Any]) -> None:
    done = own.run("restore", places)
    assert done.returncode == 1
    assert "raw" in done.stderr
    assert "--over" in done.stderr


def test_a_second_backup_copies_only_what_is_new_and_old_ones_go(
    own: Slipway, places: Path, restored: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "kettle.md").write_text("# Kettles\n\nA kettle boils two litres of water in four minutes.\n")
    own.json("ingest", tmp_path)
    objects = {file: file.stat().st_mtime_ns for file in (places / "objects").rglob("*") if file.is_file()}
    second = own.json("backup", places)
    after = [file for file in (places / "objects").rglob("*") if file.is_file()]
    assert {file: file.stat().st_mtime_ns for file in after if file in objects} == objects
    assert len(after) == len(objects) + 1
    assert len(own.json("restore", places, "--list")) == 2

    third = own.json("backup", places, "--keep", 1)
    assert second["name"] in third["removed"]
    assert own.json("restore", places, "--list") == [third["name"]]
    assert {file for file in (places / "objects").rglob("*") if file.is_file()} == set(after)


def test_a_bucket_is_a_place_too_but_not_one_of_the_environments_own(own: Slipway, restored: dict[str, Any]) -> None:
    place = own.place()
    place.client("s3").create_bucket(Bucket="our-backups")
    made = own.json("backup", "s3://our-backups/slipway")
    assert own.json("restore", "s3://our-backups/slipway", "--list") == [made["name"]]
    again = own.json("restore", "s3://our-backups/slipway", "--over")
    assert again["documents"]["indexed"] == made["buckets"]["raw"]["count"]
    raw = place.client("ssm").get_parameter(Name="/slipway/dev/foundation/raw-bucket-name")["Parameter"]["Value"]
    refused = own.run("backup", f"s3://{raw}/backups")
    assert refused.returncode == 2
    assert "a bucket of its own" in refused.stderr


def test_a_damaged_backup_is_found(own: Slipway, places: Path, restored: dict[str, Any]) -> None:
    kept = next(file for file in (places / "objects").rglob("*") if file.is_file() and file.stat().st_size)
    content = kept.read_bytes()
    kept.write_bytes(content[::-1] + b"!")
    try:
        done = own.run("restore", places, "--over")
        assert done.returncode == 1
        assert "is damaged" in done.stderr
    finally:
        kept.write_bytes(content)
