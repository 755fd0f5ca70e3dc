"""Starting, stopping and asking for the state of a local cloud of its own.

AWS has nothing like it but for the names: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html, of the
account and region in https://docs.aws.amazon.com/cdk/v2/guide/environments.html.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from slipway_local import cloud
from slipway_local.remote import LocalCloudError

pytestmark = pytest.mark.capability("O14")
CACHE = Path(__file__).resolve().parents[3] / ".slipway" / "cache"


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    folder = tmp_path / "assembly"
    folder.mkdir()
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    (folder / "One.template.json").write_text(json.dumps(template))
    properties = {"templateFile": "One.template.json"}
    artifacts = {"One": {"type": "aws:cloudformation:stack", "properties": properties,
                         "environment": "aws://111122223333/eu-west-1"}}  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return folder


def test_up_status_death_up_again_and_down(assembly: Path, tmp_path: Path, local_cloud: Any) -> None:
    state = tmp_path / "state"
    assert cloud.status(state).state == "stopped"
    try:
        status = cloud.up(assembly, state, environment="dev", cache=CACHE)
        assert (status.environment, status.state) == ("dev", "running")
        assert status.resources == {"live": ["AWS::SQS::Queue One/Queue"], "recorded": [], "refused": []}
        assert status.endpoint_url.startswith("http://localhost:")
        assert any("IAM policies" in sentence for sentence in status.not_emulated)
        stored = json.loads((state / "stacks" / "One.json").read_text())
        assert stored["records"]["Queue"]["attributes"]["Arn"].startswith("arn:aws:sqs:eu-west-1:111122223333:One-")

        secretive = [state / name for name in ("stacks", "snapshot", "logs")]
        assert [folder.stat().st_mode & 0o77 for folder in secretive] == [0, 0, 0], "others here read nothing"

        command = [sys.executable, "-m", "slipway_local.server", "--state", str(state), "--cache", str(CACHE)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert second.returncode == 1
        assert "another local cloud runs" in second.stderr

        os.kill(int((state / "daemon.lock").read_text()), signal.SIGKILL)
        local_cloud.eventually(lambda: cloud.status(state).state == "failed")
        assert "the daemon died" in cloud.status(state).error
        assert cloud.up(assembly, state, environment="dev", cache=CACHE).state == "running"
    finally:
        cloud.down(state)
    assert cloud.status(state) == cloud.Status()
    cloud.down(state)


def test_a_daemon_that_dies_while_it_deploys_is_an_error(assembly: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"

    def kill(stack: str, logical_id: str, what: str) -> None:
        if what.startswith("creating"):
            os.kill(int((state / "daemon.lock").read_text()), signal.SIGKILL)

    # Slow enough to be still at work when the message has come.
    many = {f"Queue{number}": {"Type": "AWS::SQS::Queue"} for number in range(200)}
    (assembly / "One.template.json").write_text(json.dumps({"Resources": many}))
    try:
        with pytest.raises(LocalCloudError, match=r"daemon died while it deployed|went away while it was asked"):
            cloud.up(assembly, state, environment="dev", cache=CACHE, progress=kill)
    finally:
        cloud.down(state)


def test_down_ends_every_process(local_cloud: Any, tmp_path: Path) -> None:
    body = {
        "Resources": {
            "Role": local_cloud.role(),
            "It": local_cloud.function("import os\ndef handler(e, c): return os.getpid()"),
        },
        "Outputs": {"It": {"Value": {"Ref": "It"}}},
    }
    (tmp_path / "assembly").mkdir()
    own = type(local_cloud)(tmp_path / "state", local_cloud.place, tmp_path / "assembly")
    try:
        status = own.deploy(One=body)
        client = type(local_cloud.place)(endpoint_url=status.endpoint_url).client("lambda")
        answer = client.invoke(FunctionName=own.outputs(status, "One")["It"], Payload=b"{}")
        pid = json.loads(answer["Payload"].read())
        assert Path(f"/proc/{pid}").exists()
    finally:
        cloud.down(own.state)
    local_cloud.eventually(lambda: not Path(f"/proc/{pid}").exists())


def test_logs_of_an_unknown_function_say_which_there_are(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "dev-chat.log").write_text("hello\n")
    assert list(cloud.logs(tmp_path, "chat")) == ["hello"]
    with pytest.raises(LocalCloudError, match="dev-chat"):
        list(cloud.logs(tmp_path, "nothing"))


def test_an_empty_assembly_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"artifacts": {}}')
    with pytest.raises(LocalCloudError, match="no stacks"):
        cloud.up(tmp_path, tmp_path / "state", environment="dev", cache=CACHE)


def test_a_daemon_that_goes_away_while_it_is_asked_is_an_error_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(LocalCloudError, match=f"the local cloud at http://localhost:{port} went away while it was"):
        (tmp_path / "daemon.json").write_text(json.dumps({"endpoint_url": f"http://localhost:{port}", "key": "k"}))
        cloud.deploy(tmp_path, Path(), lambda stack, logical_id, what: None)
