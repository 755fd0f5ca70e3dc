"""A document that repeats another one is left out, and comes back by itself when what it repeats changes or goes."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from slipway_runtime.handlers import ingest_document
from slipway_runtime.operate.again import Again
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.places import Places
from slipway_runtime.prepare.keys import document_id
from support.duplicates import OneAtATime, all_have_read
from support.near_texts import changed, text
from support.near_world import World, near_world

A, B, C = "acme/a.md", "acme/b.md", "acme/c.md"
TEXT = text(1)
NEAR, NEARER = changed(TEXT, 2), changed(TEXT, 1)


@pytest.fixture
def world(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    return near_world(cloud, monkeypatch)


@pytest.mark.capability("D4")
def test_a_near_copy_is_left_out_and_the_lineage_says_of_what(world: World, logged: Any) -> None:
    world.put(A, TEXT)
    world.put(B, NEAR)
    world.put(C, text(2))

    assert world.kept(A, B, C) == [A, C]
    left_out = world.cloud.lineage(B)
    assert left_out["status"] == "duplicate"
    assert left_out["duplicate_of"] == document_id(A)
    assert 0.9 < float(left_out["similarity"]) < 0.95
    assert left_out["reason"] == f"repeats {document_id(A)}, similarity 0.92"
    assert left_out["chunks"] == 0
    assert '"DocumentsDuplicate":[1.0]' in logged()


@pytest.mark.capability("D4")
def test_equal_text_in_other_bytes_is_the_special_case(world: World) -> None:
    world.put(A, TEXT)
    world.put(B, f"  {TEXT.upper()}\n\n")

    assert world.kept(A, B) == [A]
    assert float(world.cloud.lineage(B)["similarity"]) == 1


def test_another_tenant_has_its_own_copy(world: World) -> None:
    world.put(A, TEXT)
    world.put("other/a.md", TEXT)

    assert world.kept(A, "other/a.md") == [A, "other/a.md"]


@pytest.mark.capability("D4")
def test_deleting_what_is_repeated_brings_one_of_the_others_back(world: World) -> None:
    world.put(A, TEXT)
    world.put(B, NEAR)
    world.put(C, NEARER)
    world.ingest(world.cloud.delete(A))

    (back,) = world.kept(A, B, C)
    assert back in (B, C)
    other = C if back == B else B
    assert world.cloud.lineage(other)["duplicate_of"] == document_id(back)
    world.ingest(world.cloud.delete(back))
    assert world.kept(A, B, C) == [other]
    assert "duplicate_of" not in {name for name, value in world.cloud.lineage(other).items() if value}


@pytest.mark.capability("D4")
def test_a_new_version_makes_room_for_what_repeated_the_old_one(world: World) -> None:
    world.put(A, TEXT)
    world.put(B, NEAR)
    world.put(A, text(3))

    assert world.kept(A, B) == [A, B]
    assert world.cloud.lineage(B)["reason"] == ""


def test_a_version_that_cannot_be_read_makes_room_too(world: World) -> None:
    world.put(A, TEXT)
    world.put(B, NEAR)
    world.put(A, "")

    assert world.status(A) == "rejected"
    assert world.kept(B) == [B]


def test_the_same_bytes_again_hold_the_place_and_an_old_event_frees_nothing(world: World) -> None:
    first = world.put(A, TEXT)
    world.put(B, NEAR)
    calls = world.cloud.bedrock.calls
    world.put(A, TEXT)
    world.ingest(first)

    assert world.cloud.bedrock.calls == calls
    assert world.kept(A, B) == [A]
    world.put(C, changed(TEXT, 1))
    assert world.kept(A, B, C) == [A]


def test_a_searchable_document_that_turns_into_a_duplicate_goes(world: World) -> None:
    world.put(A, TEXT)
    world.put(B, text(4))
    assert world.kept(A, B) == [A, B]
    world.put(B, NEAR)

    assert world.kept(A, B) == [A]
    assert len(world.cloud.curated_versions(B)) == 0


@pytest.mark.capability("D4")
def test_of_two_alike_at_once_exactly_one_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [world.cloud.put(A, TEXT), world.cloud.put(B, NEAR)]
    index = ingest_document._lifecycle(None).settling.places.index
    assert index is not None
    calm = OneAtATime(index.duplicates.table.client)
    calm.before = all_have_read(2)
    object.__setattr__(index.duplicates.table, "client", calm)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(world.cloud.ingest, events)) == [[], []]

    assert len(world.kept(A, B)) == 1
    assert sorted([world.status(A), world.status(B)]) == ["duplicate", "indexed"]


STEPS = {
    "before the place is taken": (Places, "take", False),
    "after the place is taken": (Places, "take", True),
    "before orphans are sent": (Again, "send", False),
    "before the lineage": (Lineage, "put", False),
    "after the lineage": (Lineage, "put", True),
}


@pytest.mark.capability("D4")
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", ["first", "copy", "change", "deletion"])
def test_a_worker_killed_at_any_step_loses_nothing(world: World, monkeypatch: Any, step: str, what: str) -> None:
    """The queue delivers again what was not answered for
    (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html)."""
    owner, name, after = STEPS[step]
    if what != "first":
        world.put(A, TEXT)
    if what in ("change", "deletion"):
        world.put(B, NEAR)
    event = {
        "first": lambda: world.cloud.put(A, TEXT),
        "copy": lambda: world.cloud.put(B, NEAR),
        "change": lambda: world.cloud.put(A, text(5)),
        "deletion": lambda: world.cloud.delete(A),
    }[what]()
    done = getattr(owner, name)

    def killed(*arguments: Any, **named: Any) -> Any:
        if after:
            done(*arguments, **named)
        raise ConnectionError("the worker is gone")

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killed)
        world.cloud.ingest(event)
    world.ingest(event)

    expected = {"first": [A], "copy": [A], "change": [A, B], "deletion": [B]}[what]
    assert world.kept(A, B) == expected
    world.put(C, NEARER)
    assert world.status(C) == "duplicate", "the place is held by one that is searchable"


@pytest.mark.capability("D4")
def test_what_goes_while_a_copy_is_left_out_does_not_take_the_copy_with_it(world: World, monkeypatch: Any) -> None:
    """The deletion finds no lineage of the copy yet, so nobody sends it: it has to look again itself."""
    world.put(A, TEXT)
    gone, put = world.cloud.delete(A), Lineage.put

    def overtaken(self: Lineage, record: Any) -> bool:
        if record.status == "duplicate":
            monkeypatch.setattr(Lineage, "put", put)
            assert world.cloud.ingest(gone) == []
            assert world.waiting() == []
        return put(self, record)

    monkeypatch.setattr(Lineage, "put", overtaken)
    world.put(B, NEAR)

    assert world.kept(A, B) == [B]


def test_an_old_version_that_claims_after_the_deletion_leaves_no_ghost(world: World, monkeypatch: Any) -> None:
    old = world.cloud.put(A, TEXT)
    gone, take = world.cloud.delete(A), Places.take

    def slow(self: Places, *arguments: Any) -> Any:
        monkeypatch.setattr(Places, "take", take)
        assert world.cloud.ingest(gone) == []
        return take(self, *arguments)

    monkeypatch.setattr(Places, "take", slow)
    world.ingest(old)
    world.put(B, NEAR)

    assert world.kept(A, B) == [B]
