"""Endpoints are there again after a stop and after a crash of the daemon, and a copy that dies is replaced.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html (health checks)
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from slipway_local import cloud
from slipway_local.aws import Place
from support.endpoints import Serving
from support.trial import CACHE
from support.waiting import wait_for

pytestmark = pytest.mark.capability("O14")
EMPTY = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


class Own:
    """A local cloud of its own with an endpoint."""

    def __init__(self, folder: Path, local_cloud: Any) -> None:
        (folder / "assembly").mkdir()
        self.state = folder / "state"
        self.local = type(local_cloud)(self.state, Place(endpoint_url=""), folder / "assembly")
        self.local.deploy(One=EMPTY)
        self.serving = Serving(self._place(), "own-models")
        self.serving.model("stays")
        self.serving.config("stays", ("main", "stays", 2))
        self.serving.endpoint("stays", "stays")
        self.local.deploy(One=EMPTY)  # the snapshot is taken after each deployment

    def _place(self) -> Place:
        return Place(endpoint_url=cloud.status(self.state).endpoint_url)

    def up(self) -> None:
        cloud.up(self.local.folder, self.state, environment="test", cache=CACHE)
        place = self._place()
        self.serving.place, self.serving.sagemaker = place, place.client("sagemaker")
        self.serving.runtime = place.client("sagemaker-runtime")

    def copies(self) -> list[psutil.Process]:
        """The model servers' processes."""
        scratch = str(self.state.resolve() / "scratch" / "endpoints")
        return [
            one
            for one in psutil.process_iter(["cmdline"])
            if any(scratch in word for word in one.info["cmdline"] or ())
        ]

    def answers(self) -> bool:
        try:
            return self.serving.ask("stays") == ("main", {"by": "stays"})
        except ClientError:
            return False


@pytest.fixture
def own(tmp_path: Path, local_cloud: Any) -> Iterator[Own]:
    made = Own(tmp_path, local_cloud)
    yield made
    cloud.down(made.state)
    assert wait_for(lambda: not made.copies()), "no process is left behind"


def test_after_a_stop_a_crash_and_a_death_it_answers_again(own: Own) -> None:
    assert own.answers()
    cloud.down(own.state)
    assert not own.copies()

    own.up()
    assert wait_for(own.answers, seconds=30)
    assert own.serving.describe("stays")["ProductionVariants"][0]["CurrentWeight"] == 2
    (before,) = own.copies()

    before.kill()
    assert wait_for(own.answers, seconds=30)
    (second,) = own.copies()
    assert second.pid != before.pid

    os.kill(int((own.state / "daemon.lock").read_text()), signal.SIGKILL)
    assert wait_for(lambda: cloud.status(own.state).state == "failed")
    own.up()
    assert wait_for(own.answers, seconds=30)
    assert second.pid not in [one.pid for one in own.copies()]
