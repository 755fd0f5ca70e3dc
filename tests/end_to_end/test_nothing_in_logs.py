"""No value of a document is in any log: not of one that is indexed, redacted or rejected, nor of one that fails.

The values pass through everything twice: as they are, under the rules of dev, and redacted, under rules set for a
moment on the function itself.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.target import Target
from support.command import Slipway

VALUES = {
    "email": "zelda.quux@example.com",
    "phone": "+1 415 555 0134",
    "card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "ssn": "219-09-9999",
    "ip": "203.0.113.77",
    "aws_key": "AKIAIOSFODNN7EXAMPLE",
    "secret": "ghp_a1B2c3D4e5F6a1B2c3D4e5F6a1B2c3D4e5F6",
}
PLANTED = "\n\n".join(f"The {kind} of the customer is {value}." for kind, value in VALUES.items())
REDACTING = json.dumps({"default": {"redact": {"kinds": sorted(VALUES)}}})


def plant(folder: Path) -> Path:
    folder.mkdir()
    (folder / "good.md").write_text(f"# Customers\n\n{PLANTED}\n")
    (folder / "page.html").write_text(f"<html><title>{VALUES['email']}</title><p>{PLANTED}</p>")
    (folder / "rows.csv").write_text("kind,value\n" + "".join(f"{kind},{value}\n" for kind, value in VALUES.items()))
    (folder / "broken.json").write_text(f'{{"customer": "{PLANTED[:60]}", "card": "{VALUES["card"]}", [')
    (folder / "broken.pdf").write_text(f"%PDF-1.7\n{PLANTED}")
    return folder


@pytest.fixture
def redacting(target: Target) -> Iterator[None]:
    lambda_ = target.client("lambda")
    name = target.parameter("ingestion/function-name")
    before = lambda_.get_function_configuration(FunctionName=name)["Environment"]
    lambda_.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**before["Variables"], "RULES": REDACTING}}
    )
    yield
    lambda_.update_function_configuration(FunctionName=name, Environment=before)


def log_lines(target: Target) -> Iterator[str]:
    logs = target.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                yield from (event["message"] for event in events["events"])


def assert_none_logged(target: Target, slipway: Slipway) -> None:
    lines = list(log_lines(target))
    files = [path for path in slipway.home.rglob("*") if path.suffix in (".log", ".jsonl") and path.is_file()]
    assert any("record handled" in line for line in lines)
    assert any(path.stat().st_size for path in files), "the daemon writes a log"
    everything = "\n".join([*lines, *(path.read_text(errors="replace") for path in files)])
    assert [kind for kind, value in VALUES.items() if value in everything or value.replace(" ", "") in everything] == []


@pytest.mark.capability("D3")
def test_no_value_is_logged_where_it_is_redacted(
    slipway: Slipway, dev: dict[str, Any], target: Target, redacting: None, tmp_path: Path
) -> None:
    report = slipway.json("ingest", plant(tmp_path / "redacted"))
    assert {item["object"] for item in report["rejected"]} == {"redacted/broken.json", "redacted/broken.pdf"}
    curated = target.parameter("foundation/curated-bucket-name")
    s3 = target.client("s3")
    kept = [item["Key"] for item in s3.list_objects_v2(Bucket=curated)["Contents"]]
    texts = [s3.get_object(Bucket=curated, Key=key)["Body"].read().decode() for key in kept]
    mine = [text for text in texts if '"path":"redacted/' in text]
    assert len(mine) == 3
    assert all("[CARD]" in text and not any(value in text for value in VALUES.values()) for text in mine)
    assert_none_logged(target, slipway)


@pytest.mark.capability("D3")
def test_no_value_is_logged_where_nothing_is_redacted(
    slipway: Slipway, dev: dict[str, Any], target: Target, tmp_path: Path
) -> None:
    slipway.json("ingest", plant(tmp_path / "plain"))
    assert_none_logged(target, slipway)
