"""`slipway local status` prints what is live, recorded and refused, each below its own line."""

import pytest

from slipway_cli.local import _print_status


def test_the_three_lists_are_printed_below_their_lines(capsys: pytest.CaptureFixture[str]) -> None:
    resources = {
        "live": ["AWS::SQS::Queue One/A", "AWS::SQS::Queue One/B", "AWS::SNS::Topic One/T"],
        "recorded": ["AWS::WAFv2::WebACL One/Wall"],
        "refused": ["AWS::Lambda::Function One/Fn: functions from container images are not emulated"],
    }
    _print_status({"resources": resources, "environment": "dev", "state": "stopped", "error": "", "notices": [],
                   "not_emulated": []})  # fmt: skip
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    live, recorded, refused = (
        next(at for at, line in enumerate(lines) if line.startswith(kind))
        for kind in ("live ", "recorded ", "refused ")
    )
    assert lines[live + 1 : recorded] == ["1 AWS::SNS::Topic", "2 AWS::SQS::Queue"]
    assert lines[recorded + 1 : refused] == ["AWS::WAFv2::WebACL One/Wall"]
    assert lines[refused + 1].startswith("AWS::Lambda::Function One/Fn: functions from container images")
