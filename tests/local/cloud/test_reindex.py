"""The index moves to another embedding model while people ask, ingest and delete, in each store with generations.

Redriving goes on with the children that did not succeed:
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from slipway_cli.errors import CommandError
from slipway_runtime.prepare.keys import document_id
from support.reindexing import Trial, Users, trial
from support.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.capability("R7"), pytest.mark.timeout(900)]
OLD = ("amazon.titan-embed-text-v2:0", 256)
NEW = ("cohere.embed-english-v3", 1024)
KNOWN = [f"{colour}{thing}" for colour in ("red", "blue", "green") for thing in ("pump", "lamp", "valve", "drill")]
AURORA = pytest.mark.parametrize("running", ["aurora"], indirect=True)


@pytest.fixture(scope="module", params=["aurora", "s3_vectors", "opensearch"])
def running(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with trial(tmp_path_factory.mktemp("reindex"), request.param) as made:
        made.ingest(*KNOWN, "doomed")
        yield made


def model(generation: Any) -> tuple[str, int]:
    return generation["model_id"], generation["dimensions"]


def test_the_index_moves_and_nobody_notices(running: Trial) -> None:
    before = running.slipway("status")
    assert (model(before["active"]), before["building"], before["previous"]) == (OLD, None, None)
    planned = running.slipway("start", "--estimate")
    assert (planned["documents"], planned["model_id"]) == (len(KNOWN) + 1, NEW[0])
    assert planned["tokens"] > 20 * len(KNOWN)
    assert running.slipway("status") == before, "an estimate changes nothing"

    running.fault(operation="bedrock-runtime.InvokeModel", latency_seconds=0.1)
    with Users(running, KNOWN) as users:
        running.slipway("start")
        running.remove("doomed")
        assert wait_for(lambda: running.slipway("status")["building"]["is_built"], seconds=300)
        assert wait_for(lambda: len(users.deleted) > 1 or users.wrong, seconds=180)
        assert users.wrong == []
        switched = running.slipway("switch")
        asked = users.asked
        assert wait_for(lambda: users.asked > asked + 2 * len(KNOWN), seconds=180)
    running.calm()

    assert users.wrong == []
    assert model(switched["active"]) == NEW
    assert switched["documents"] >= len(KNOWN)
    # Vectors of the old model have another length, which the new index refuses.
    kept = sorted(set(users.put) - set(users.deleted))
    for name in (*KNOWN, *kept):
        assert wait_for(lambda name=name: f"{name}.md" in running.found(name, "vector"), seconds=60)
    gone = {f"{name}.md" for name in (*users.deleted, "doomed")}
    assert not any(gone & set(running.found(name)) for name in (*users.deleted, "doomed"))


def test_back_and_forth_and_the_old_one_goes(running: Trial) -> None:
    """Follows the test above: what is written after the switch is in both."""
    running.ingest("afterwards")
    running.remove(KNOWN[-1])

    for action, expected in (("rollback", OLD), ("switch", NEW)):
        assert model(running.slipway(action)["active"]) == expected
        assert wait_for(lambda: "afterwards.md" in running.found("afterwards", "vector"), seconds=60)
        assert f"{KNOWN[-1]}.md" not in running.found(KNOWN[-1])

    left = running.slipway("drop", "--grace-seconds", "1")
    assert (model(left["active"]), left["building"], left["previous"], left["dropping"]) == (NEW, None, None, None)
    assert "afterwards.md" in running.found("afterwards")
    with pytest.raises(CommandError, match="no previous generation to go back to"):
        running.slipway("rollback")
    with pytest.raises(CommandError, match="there is nothing beside generation 2"):
        running.slipway("drop", "--grace-seconds", "1")
    running.ingest(KNOWN[-1])  # for whoever comes next, also into the one that is left


@AURORA
def test_a_run_whose_functions_are_killed_is_redriven_to_its_end(running: Trial) -> None:
    running.fault(operation="bedrock-runtime.InvokeModel", latency_seconds=0.5)
    running.slipway("start")

    def killed_until_it_failed() -> bool:
        for process in running.rebuilding():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return running.slipway("status")["run"]["status"] == "FAILED"

    assert wait_for(killed_until_it_failed, seconds=240)
    running.calm()
    with pytest.raises(CommandError, match="is still being built"):
        running.slipway("switch")
    assert f"{KNOWN[0]}.md" in running.found(KNOWN[0])

    resumed = running.slipway("start", "--wait")

    assert (resumed["building"]["is_built"], resumed["run"]["status"]) == (True, "SUCCEEDED")
    with pytest.raises(CommandError, match="is built: `slipway reindex switch`"):
        running.slipway("start")


@AURORA
def test_a_switch_is_refused_while_the_generations_differ_and_names_the_difference(running: Trial) -> None:
    """Follows the test above: a complete generation waits."""
    number = running.slipway("status")["building"]["number"]
    lost = document_id(f"default/{KNOWN[0]}.md")
    running.target.client("rds-data").execute_statement(
        resourceArn=running.target.parameter("retrieval/cluster-arn"),
        secretArn=running.target.parameter("retrieval/secret-arn"),
        database=running.target.parameter("retrieval/database-name"),
        sql=f"DELETE FROM slipway_g{number}.chunks WHERE document_id = '{lost}'",
    )

    with pytest.raises(CommandError, match=f"{lost} has 1 chunks in the first and no in the second"):
        running.slipway("switch")

    shown = running.slipway("status")
    assert (shown["active"]["number"], shown["building"]["number"]) == (2, number)
    assert f"{KNOWN[0]}.md" in running.found(KNOWN[0])
    assert running.slipway("drop", "--grace-seconds", "1")["building"] is None
