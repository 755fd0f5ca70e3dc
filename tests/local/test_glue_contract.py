"""What a Glue job may ask for here, and what its script is called with.

Expectations: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

from types import SimpleNamespace
from typing import Any

import pytest

from slipway_local.glue import runtime
from slipway_local.glue.contract import UnsupportedJobError, check, command_line

pytestmark = pytest.mark.capability("O14")


def job(**settings: Any) -> Any:
    given = {
        "name": "job",
        "command": {"Name": "glueetl"},
        "glue_version": "5.1",
        "connections": None,
        "max_retries": 0,
    }
    return SimpleNamespace(**{**given, **settings})


@pytest.mark.parametrize(
    ("settings", "arguments", "named"),
    [
        ({"command": {"Name": "pythonshell"}}, {}, "pythonshell"),
        ({"glue_version": "4.0"}, {}, "Glue 4.0"),
        ({"connections": {"Connections": ["vpc"]}}, {}, "connections"),
        ({"max_retries": 1}, {}, "MaxRetries 1"),
        ({}, {"--extra-jars": "s3://b/x.jar"}, "--extra-jars"),
        ({}, {"--additional-python-modules": "numpy==2"}, "requirements file"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(
    settings: dict[str, Any], arguments: dict[str, str], named: str
) -> None:
    with pytest.raises(UnsupportedJobError, match=named):
        check(job(**settings), arguments)


def test_the_script_gets_its_arguments_by_name() -> None:
    run = SimpleNamespace(job_run_id="jr_12", arguments={"--input": "s3://b", "--flag": ""})

    check(job(), {"--additional-python-modules": "s3://b/r.txt", "--python-modules-installer-option": "-r"})
    line = command_line(job(), run)

    assert line == [
        *("--JOB_NAME", "job", "--JOB_ID", "j_12", "--JOB_RUN_ID", "jr_12"),
        *("--input", "s3://b", "--flag"),
    ]


def test_a_machine_without_java_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(runtime.Path, "glob", lambda self, pattern: [])

    with pytest.raises(runtime.NoJavaError, match=r"Java 17.*none was found.*JAVA_HOME"):
        runtime.java_home()
