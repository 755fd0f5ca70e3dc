"""A version that is published while its document is deleted: what was made of it goes with it, whatever comes first.

S3 tells of each version that is removed for good:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from slipway_runtime.operate import shards
from slipway_runtime.operate.curated import Curated
from slipway_runtime.prepare.keys import document_id
from support.erasing import ARTIFACTS, CURATED, SET, call, delete, line, run, versions
from support.handled import Cloud, Context

pytestmark = pytest.mark.capability("D11")
KEY = "acme/race.md"
IDENTIFIER = document_id(KEY)


class Race:
    """The first version is indexed; the second is being published when the document is deleted and put again."""

    def __init__(self, cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch, *, dies: bool = False) -> None:
        self.cloud, self.context, self.patch = cloud, context, monkeypatch
        first = cloud.put(KEY, "The first text.")
        cloud.ingest(first)
        second = cloud.put(KEY, "The second text.")
        self.second = second["detail"]["object"]["version-id"]
        put = Curated.put

        def interrupted(this: Curated, *given: Any) -> str:
            monkeypatch.setattr(Curated, "put", put)
            version = put(this, *given)
            assert delete(context, IDENTIFIER)["removed"]["objects"] == 2
            if dies:
                raise TimeoutError
            return version

        monkeypatch.setattr(Curated, "put", interrupted)
        assert cloud.ingest(second) == (["0"] if dies else [])
        assert dies or cloud.lineage(KEY)["version_id"] == self.second  # it was published after all
        self.gone = [self.removed(each) for each in (first, second)]
        self.third = cloud.put(KEY, "The third text.")

    def removed(self, created: dict[str, Any]) -> dict[str, Any]:
        """Return the event of a version that DELETE removed."""
        entry = {"key": KEY, "version-id": created["detail"]["object"]["version-id"]}
        return self.cloud.event("Object Deleted", entry, {"deletion-type": "Permanently Deleted"})

    def texts(self) -> list[str]:
        """Return what every version of the curated document says, the newest first."""
        key = f"curated/acme/{IDENTIFIER}.json"
        return [json.loads(each)["text"] for each in versions(self.cloud, CURATED, key)]


@pytest.fixture
def race(cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch) -> Race:
    context.seconds = 900
    return Race(cloud, context, monkeypatch)


ORDERS: dict[str, Callable[[Race], list[dict[str, Any]]]] = {
    "the new version first": lambda race: [race.third, *race.gone],
    "the removals first": lambda race: [*race.gone, race.third],
    "in between": lambda race: [race.gone[1], race.third, race.gone[0]],
}


@pytest.mark.parametrize("order", ORDERS)
def test_nothing_is_left_of_a_version_that_was_removed(race: Race, order: str) -> None:
    for event in ORDERS[order](race):
        assert race.cloud.ingest(event) == []
    assert set(race.texts()) == {"The third text."}
    assert [row[1] for row in race.cloud.rows(KEY)] == ["The third text."]


def test_its_lines_are_erased_although_it_came_after_the_deletion_that_removed_it(race: Race) -> None:
    for event in (race.third, *race.gone):
        assert race.cloud.ingest(event) == []
    third = race.cloud.lineage(KEY)["version_id"]
    lines = [line(IDENTIFIER, source_version=each) for each in (race.second, third)]
    shards.put_shard(race.cloud.s3, ARTIFACTS, SET, lines)
    run(race.context)
    assert versions(race.cloud, ARTIFACTS, SET) == [lines[1]]


def test_a_run_of_erasure_removes_what_a_publisher_left_that_died(
    cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    context.seconds = 900
    race = Race(cloud, context, monkeypatch, dies=True)
    assert cloud.ingest(race.third) == []
    assert set(race.texts()) == {"The third text.", "The second text."}
    run(context)
    assert race.texts() == ["The third text."]
    assert call(context, "GET", IDENTIFIER)["status"] == "indexed"
