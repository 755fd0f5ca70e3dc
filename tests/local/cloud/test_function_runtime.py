"""Functions under the real runtime client, invoked through the Lambda API.

Expectations: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html,
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html and
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import base64
import concurrent.futures
import io
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from slipway_local.functions.packages import Packages

pytestmark = pytest.mark.capability("O14")

CODE = """
import os, sys, time, json, threading
COUNT = 0
def handler(event, context):
    global COUNT
    COUNT += 1
    what = event.get("do")
    if what == "raise": raise KeyError("missing thing")
    if what == "sleep": time.sleep(event["seconds"])
    if what == "exit": os._exit(3)
    if what == "print": print("one"); print("two", file=sys.stderr)
    if what == "environment": return dict(os.environ)
    if what == "import":
        try:
            __import__(event["module"])
        except ImportError as error:
            return str(error)
        return "imported"
    return {"event": event, "count": COUNT, "pid": os.getpid(), "name": context.function_name,
            "id": context.aws_request_id, "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb,
            "left": context.get_remaining_time_in_millis()}
"""


@pytest.fixture(scope="module")
def names(local_cloud: Any) -> dict[str, str]:
    body = {
        "Resources": {
            "Role": local_cloud.role(),
            "Main": local_cloud.function(CODE, timeout=2, MemorySize=256, Environment={"Variables": {"OWN": "value"}}),
            "BadInit": local_cloud.function("raise RuntimeError('broken at import')"),
            "BadModule": local_cloud.function("import nowhere_to_be_found"),
            "Exits": local_cloud.function("import os; os._exit(7)"),
        }
    }
    body["Outputs"] = {key: {"Value": {"Ref": key}} for key in body["Resources"]}
    return dict(local_cloud.outputs(local_cloud.deploy(Runtime=body), "Runtime"))


def invoke(local_cloud: Any, name: str, event: Any, **more: Any) -> tuple[Any, str | None]:
    answer = local_cloud.place.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode(), **more)
    return json.loads(answer["Payload"].read() or b"null"), answer.get("FunctionError")


def test_a_function_gets_event_and_context_and_keeps_its_environment_warm(local_cloud: Any, names: Any) -> None:
    first, error = invoke(local_cloud, names["Main"], {"a": "ü"})
    second, _ = invoke(local_cloud, names["Main"], {})
    assert error is None
    assert first["event"] == {"a": "ü"}
    assert first["name"] == names["Main"]
    assert first["arn"] == f"arn:aws:lambda:us-east-1:123456789012:function:{names['Main']}"
    assert first["memory"] == "256"
    assert 0 < first["left"] <= 2000
    assert (second["pid"], second["count"]) == (first["pid"], first["count"] + 1)
    assert first["id"] != second["id"]


def test_an_exception_is_reported_with_type_message_and_trace(local_cloud: Any, names: Any) -> None:
    answer, error = invoke(local_cloud, names["Main"], {"do": "raise"})
    assert error == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("KeyError", "'missing thing'")
    assert "in handler" in "".join(answer["stackTrace"])


def test_a_function_that_takes_too_long_is_killed_and_replaced(local_cloud: Any, names: Any) -> None:
    before, _ = invoke(local_cloud, names["Main"], {})
    answer, error = invoke(local_cloud, names["Main"], {"do": "sleep", "seconds": 30})
    assert error == "Unhandled"
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Task timed out after 2.00 seconds")
    after, _ = invoke(local_cloud, names["Main"], {})
    assert after["pid"] != before["pid"]
    assert not Path(f"/proc/{before['pid']}").exists()


def test_a_process_that_dies_is_an_exit_error(local_cloud: Any, names: Any) -> None:
    answer, error = invoke(local_cloud, names["Main"], {"do": "exit"})
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in answer["errorMessage"]
    assert invoke(local_cloud, names["Main"], {"still": "works"})[1] is None


@pytest.mark.parametrize(
    ("name", "error_type", "message"),
    [
        ("BadInit", "RuntimeError", "broken at import"),
        ("BadModule", "Runtime.ImportModuleError", "nowhere_to_be_found"),
        ("Exits", "Runtime.ExitError", "exit status 7"),
    ],
)
def test_errors_at_initialisation(local_cloud: Any, names: Any, name: str, error_type: str, message: str) -> None:
    for _ in range(2):  # the next invocation initialises again
        answer, error = invoke(local_cloud, names[name], {})
        assert error == "Unhandled"
        assert answer["errorType"] == error_type
        assert message in answer["errorMessage"]


def test_one_environment_for_each_concurrent_invocation(local_cloud: Any, names: Any) -> None:
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        event = {"do": "sleep", "seconds": 0.7}
        done = list(threads.map(lambda _: invoke(local_cloud, names["Main"], event), range(3)))
    assert len({answer["pid"] for answer, _ in done}) == 3


def test_the_environment_holds_lambdas_variables_and_the_functions_own(local_cloud: Any, names: Any) -> None:
    found, _ = invoke(local_cloud, names["Main"], {"do": "environment"})
    assert found["OWN"] == "value"
    assert found["AWS_ENDPOINT_URL"] == local_cloud.place.endpoint_url
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "us-east-1"
    assert found["AWS_LAMBDA_FUNCTION_NAME"] == names["Main"]
    assert found["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert not {"VIRTUAL_ENV", "USER", "PYTEST_CURRENT_TEST", "MOTO_ACCOUNT_ID"} & set(found)


@pytest.mark.parametrize("module", ["moto", "aws_cdk", "slipway_local", "pytest"])
def test_the_projects_own_packages_are_out_of_sight(local_cloud: Any, names: Any, module: str) -> None:
    answer, error = invoke(local_cloud, names["Main"], {"do": "import", "module": module})
    assert (answer, error) == (f"No module named '{module}'", None)


def test_output_goes_to_the_log_group_the_log_file_and_the_tail(local_cloud: Any, names: Any) -> None:
    client = local_cloud.place.client("lambda")
    answer = client.invoke(FunctionName=names["Main"], Payload=b'{"do": "print"}', LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode().splitlines()
    request_id = json.loads(answer["Payload"].read())["id"]
    assert tail[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert tail[1:4] == ["one", "two", f"END RequestId: {request_id}"]
    assert tail[4].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    logs = local_cloud.place.client("logs")
    found = logs.filter_log_events(logGroupName=f"/aws/lambda/{names['Main']}", limit=10000)["events"]
    assert [event["message"] for event in found if request_id in event["message"]] == [tail[0], tail[3], tail[4]]
    assert "two" in (local_cloud.state / "logs" / f"{names['Main']}.log").read_text().splitlines()


def test_a_function_writes_to_the_log_group_it_names(local_cloud: Any) -> None:
    body = {
        "Resources": {
            "Role": local_cloud.role(),
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
            "It": local_cloud.function(
                "def handler(e, c): print('mine', c.log_group_name)", LoggingConfig={"LogGroup": {"Ref": "Group"}}
            ),
        },
        "Outputs": {"It": {"Value": {"Ref": "It"}}, "Group": {"Value": {"Ref": "Group"}}},
    }
    outputs = local_cloud.outputs(local_cloud.deploy(Logging=body), "Logging")
    assert invoke(local_cloud, outputs["It"], {})[1] is None
    found = local_cloud.place.client("logs").filter_log_events(logGroupName=outputs["Group"])["events"]
    assert f"mine {outputs['Group']}" in [event["message"] for event in found]


def test_new_code_and_variables_reach_the_next_invocation(local_cloud: Any) -> None:
    body = {
        "Resources": {
            "Role": local_cloud.role(),
            "It": local_cloud.function("import os\ndef handler(e, c): return ['old', os.environ.get('VALUE')]"),
        },
        "Outputs": {"It": {"Value": {"Ref": "It"}}},
    }
    name = local_cloud.outputs(local_cloud.deploy(Changed=body), "Changed")["It"]
    assert invoke(local_cloud, name, {})[0] == ["old", None]
    properties = body["Resources"]["It"]["Properties"]
    properties["Code"]["ZipFile"] = "import os\ndef handler(e, c): return ['new', os.environ.get('VALUE')]"
    properties["Environment"] = {"Variables": {"VALUE": "2"}}
    local_cloud.deploy(Changed=body)
    assert invoke(local_cloud, name, {})[0] == ["new", "2"]


def archive(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as content:
        for name, text in files.items():
            content.writestr(name, text)
    return buffer.getvalue()


def test_a_layer_without_a_lock_is_used_as_it_is(local_cloud: Any, names: Any) -> None:
    client = local_cloud.place.client("lambda")
    layer = archive({"python/from_layer.py": "ANSWER = 42\n"})
    arn = client.publish_layer_version(LayerName="plain", Content={"ZipFile": layer})["LayerVersionArn"]
    client.update_function_configuration(FunctionName=names["Main"], Layers=[arn])
    assert invoke(local_cloud, names["Main"], {"do": "import", "module": "from_layer"})[0] == "imported"
    client.update_function_configuration(FunctionName=names["Main"], Layers=[])
    assert invoke(local_cloud, names["Main"], {"do": "import", "module": "from_layer"})[0] != "imported"


def test_a_layer_with_a_lock_is_installed_for_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = Packages(tmp_path)
    lock = Path("local/slipway_local/lambda_runtime.txt").read_text()
    folder = packages.layer(archive({"requirements.txt": lock, "python/never_used.py": ""}))
    assert (folder / "awslambdaric" / "__init__.py").exists()
    assert not (folder / "never_used.py").exists()
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("installed a second time"))
    assert packages.layer(archive({"requirements.txt": lock})) == folder


def test_a_lock_that_cannot_be_installed_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no-hash"):
        Packages(tmp_path).layer(archive({"requirements.txt": "no-hash==1.0\n"}))
    assert not list(tmp_path.glob("layers-local/*/"))[1:]


def test_code_cannot_leave_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="outside its folder"):
        Packages(tmp_path / "cache").code(archive({"../../evil.py": "x"}))
    assert not (tmp_path / "evil.py").exists()
