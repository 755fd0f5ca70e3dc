"""`slipway local permissions`: the environment's own roles first, those of the CDK's bootstrap as a number."""

from typing import Any

import pytest

from slipway_cli.permissions import print_permissions


def role(name: str, *, deploys: bool) -> dict[str, Any]:
    unused = [{"policy": "Own", "statement": "1", "action": f"{name}:Never", "resource": "*"}]
    return {"role": f"arn:aws:iam::1:role/{name}", "deploys": deploys, "used": 2, "denied": [], "unused": unused}


REPORT = {"enforcing": True, "roles": [role("cdk-deploy", deploys=True), role("ingest", deploys=False)]}


def test_roles_of_the_bootstrap_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    print_permissions(REPORT, everything=False)
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("ingest  2 permissions used")
    assert shown[-1].startswith("1 roles of the CDK's bootstrap")
    assert not any("cdk-deploy" in line for line in shown)


def test_and_listed_last_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    print_permissions(REPORT, everything=True)
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown if "permissions used" in line] == ["ingest", "cdk-deploy"]
