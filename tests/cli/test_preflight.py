"""`slipway preflight` as a command: exit codes, the JSON document, and the line of the setting in the file."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from slipway_cli.main import app

ROLE = "arn:aws:iam::123456789012:role/kendra"
INDEX = {"Type": "AWS::Kendra::Index", "Properties": {"Name": "n", "Edition": "DEVELOPER_EDITION", "RoleArn": ROLE}}


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """One stack of the environment `kendra`, with an index."""
    properties = {"templateFile": "t.json", "stackName": "slipway-kendra-retrieval"}
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": properties,
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"version": "1", "artifacts": {"T": stack}}))
    (tmp_path / "t.json").write_text(json.dumps({"Resources": {"Index": INDEX}}))
    return tmp_path


def run(assembly: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["preflight", "--env", "kendra", "--assembly", str(assembly), *arguments])
    return result.exit_code, result.output


@pytest.mark.capability("O12")
def test_an_error_fails_and_names_setting_line_remedy_and_page(assembly: Path) -> None:
    code, text = run(assembly, "--region", "eu-central-1", "--json")
    report: dict[str, Any] = json.loads(text)
    assert (code, report["ok"], report["region"], report["online"]) == (1, False, "eu-central-1", False)
    (found,) = [item for item in report["findings"] if item["check"] == "region-type"]
    assert (found["where"], found["setting"]) == ("slipway-kendra-retrieval/Index", "retrieval.store")
    lines = (Path(__file__).parents[2] / "config" / "kendra.yaml").read_text().splitlines()
    assert "store: kendra" in lines[found["line"] - 1]
    assert found["remedy"]
    assert found["documentation"].startswith("https://")


@pytest.mark.capability("O12")
def test_a_warning_passes(assembly: Path) -> None:
    code, text = run(assembly, "--region", "us-east-1")
    assert code == 0
    assert "warning slipway-kendra-retrieval/Index: Amazon Kendra takes no new customers" in text
    assert "kendra in us-east-1: 0 errors, 1 warnings" in text


def test_a_region_that_nobody_names_is_said_to_be_assumed(assembly: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    _, text = run(assembly)
    assert "us-east-1 was assumed" in text
