"""A killed daemon, a snapshot that cannot be used, a disk that cannot be written to, two environments at once.

What has to outlive them is what AWS would not lose:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DataDurability.html and
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html (what an environment held is lost with it).
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway_local import cloud
from slipway_local.aws import Place
from support.waiting import wait_for

pytestmark = pytest.mark.capability("O14")
CACHE = Path(__file__).resolve().parents[3] / ".slipway" / "cache"
SLEEPER = "import os, time\ndef handler(e, c):\n    print('pid', os.getpid(), flush=True)\n    time.sleep(600)"


class Own:
    """A local cloud of its own with one bucket and a function that does not end."""

    def __init__(self, folder: Path, local_cloud: Any) -> None:
        (folder / "assembly").mkdir(parents=True)
        self.state = folder / "state"
        self.local = type(local_cloud)(self.state, Place(endpoint_url=""), folder / "assembly")
        self.resources = {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Role": local_cloud.role(),
            "Sleeper": local_cloud.function(SLEEPER, timeout=900),
        }

    def up(self, **more: Any) -> cloud.Status:
        outputs = {name: {"Value": {"Ref": name}} for name in ("Bucket", "Sleeper")}
        status: cloud.Status = self.local.deploy(One={"Resources": {**self.resources, **more}, "Outputs": outputs})
        self.names = self.local.outputs(status, "One")
        self.place = Place(endpoint_url=status.endpoint_url)
        return status

    def put(self, key: str) -> None:
        self.place.client("s3").put_object(Bucket=self.names["Bucket"], Key=key, Body=key.encode())

    def keys(self) -> list[str]:
        listed = self.place.client("s3").list_objects_v2(Bucket=self.names["Bucket"])
        return [item["Key"] for item in listed.get("Contents", [])]

    def snapshot(self) -> bytes:
        return (self.state / "snapshot" / "emulator").read_bytes()

    def kill(self) -> None:
        os.kill(int((self.state / "daemon.lock").read_text()), signal.SIGKILL)
        self.local.eventually(lambda: cloud.status(self.state).state == "failed")


@pytest.fixture
def own(tmp_path: Path, local_cloud: Any) -> Iterator[Own]:
    own = Own(tmp_path, local_cloud)
    yield own
    cloud.down(own.state)


def test_after_a_kill_the_next_start_says_what_it_rebuilt_and_ends_what_was_left(own: Own) -> None:
    own.up()
    own.put("kept")
    before = own.snapshot()
    own.local.eventually(lambda: own.snapshot() != before, seconds=60, what="a snapshot after the change")
    own.place.client("lambda").invoke(FunctionName=own.names["Sleeper"], InvocationType="Event", Payload=b"{}")
    log = own.state / "logs" / f"{own.names['Sleeper']}.log"
    own.local.eventually(lambda: log.exists() and "pid" in log.read_text(), seconds=60)
    pid = int(log.read_text().split("pid ")[1].split()[0])
    own.kill()
    assert Path(f"/proc/{pid}").exists()
    assert "from its last snapshot" in cloud.status(own.state).error

    (stack,) = (own.state / "stacks").glob("One.json")
    later = json.loads(stack.read_text())
    later["records"]["Later"] = {**later["records"]["Bucket"], "logical_id": "Later", "physical_id": "later"}
    stack.write_text(json.dumps(later))
    status = own.up()
    assert wait_for(lambda: not Path(f"/proc/{pid}").exists()), "its parent may be slow to take note of its end"
    assert own.keys() == ["kept"]
    said = " ".join(status.notices)
    assert "Ended 1 processes" in said
    assert "rebuilt from its snapshot of 20" in said
    assert "Deployed again: One/Later." in said
    assert said.split(". ")[0] in (own.state / "daemon.log").read_text()
    cloud.down(own.state)
    assert own.up().notices == ()
    assert own.keys() == ["kept"]


@pytest.mark.parametrize("how", ["another moto", "half a file", "a lost body"])
def test_a_snapshot_that_cannot_be_used_is_kept_aside_whole(own: Own, how: str) -> None:
    own.up()
    own.put("a")
    assert cloud.down(own.state) == ""
    file = own.state / "snapshot" / "emulator"
    if how == "another moto":
        file.write_bytes(file.read_bytes().replace(b'"moto": "', b'"moto": "0.', 1))
    elif how == "half a file":
        file.write_bytes(file.read_bytes()[: len(file.read_bytes()) // 2])
    else:
        (body,) = (own.state / "snapshot" / "bodies").iterdir()
        body.unlink()
    content = file.read_bytes()
    status = own.up()
    assert own.keys() == []
    (notice,) = status.notices
    assert "The kept state was not used" in notice
    assert ("moto 0." in notice) == (how == "another moto")
    (aside,) = own.state.glob("set-aside-*")
    assert str(aside) in notice
    assert (aside / "snapshot" / "emulator").read_bytes() == content
    assert (aside / "stacks" / "One.json").exists()


def test_an_object_that_cannot_be_kept_is_named(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from slipway_local.aws import Place
from slipway_local.snapshot import Keeper
from moto.sqs.models import sqs_backends
sqs_backends["123456789012"]["us-east-1"].create_queue("q", {{}}).slipway_extra = {{"deep": [open("/dev/null")]}}
keeper = Keeper(Path({str(tmp_path)!r}), Place(endpoint_url="http://localhost:12345"), lambda: 0)
assert not keeper.stop()
print(keeper.error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert ".queues['q'].slipway_extra['deep'][0]: _io.TextIOWrapper" in done.stdout
    assert "the one before it stays" in done.stderr
    assert not (tmp_path / "snapshot" / "emulator").exists()


def test_two_environments_side_by_side(own: Own, tmp_path: Path, local_cloud: Any) -> None:
    other = Own(tmp_path / "other", local_cloud)
    try:
        assert own.up().endpoint_url != other.up().endpoint_url
        own.put("mine")
        other.put("theirs")
        assert (own.keys(), other.keys()) == (["mine"], ["theirs"])
        cloud.down(own.state)
        assert cloud.status(other.state).state == "running"
        own.up()
        assert (own.keys(), other.keys()) == (["mine"], ["theirs"])
    finally:
        cloud.reset(other.state)
    assert not other.state.exists()
    assert own.keys() == ["mine"]


def test_a_state_folder_that_cannot_be_made_is_a_clear_error(own: Own, tmp_path: Path) -> None:
    own.up()
    cloud.down(own.state)
    (tmp_path / "file").write_text("")
    with pytest.raises(cloud.LocalCloudError, match=r"cannot be written to: .*SLIPWAY_HOME"):
        cloud.up(own.local.folder, tmp_path / "file" / "state", environment="test", cache=CACHE)


def test_a_full_disk_is_a_clear_error(own: Own, tmp_path: Path) -> None:
    """The file-size limit stands for a full disk: both fail the write, neither the opening."""
    own.up()
    cloud.down(own.state)
    full = tmp_path / "full"
    command = f"ulimit -f 0; trap '' XFSZ; exec {sys.executable} -m slipway_local.server --state {full} --cache {CACHE}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"the state folder {full} cannot be written to" in done.stderr
    assert "Traceback" not in done.stderr
