"""A source that loses too many documents to duplicates keeps the rest, and a person is asked."""

from typing import Any

import pytest

from slipway_runtime.prepare.keys import document_id
from support.near_texts import changed, text
from support.near_world import World, near_world

A, B = "acme/a.md", "acme/b.md"
TEXT = text(1)
NEAR = changed(TEXT, 2)
COPIES = [f"acme/wiki/{number}.md" for number in range(9)]


@pytest.fixture
def world(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    return near_world(cloud, monkeypatch)


def fill(world: World) -> None:
    for number, key in enumerate(COPIES):
        world.put(key, changed(TEXT, 1) + f" end{number}" if number > 2 else text(20 + number) if number else TEXT)


@pytest.mark.capability("D4")
def test_a_source_that_loses_too_much_keeps_the_rest_and_asks_a_person(world: World, logged: Any) -> None:
    world.say(
        default={"enabled": True, "min_documents": 4},
        sources=[{"prefix": "acme/wiki/", "near_duplicates": {"enabled": True, "min_documents": 4}}],
    )
    fill(world)

    left_out = [key for key in COPIES if world.status(key) == "duplicate"]
    held = [key for key in COPIES if world.status(key) == "indexed" and world.cloud.lineage(key)["duplicate_of"]]
    assert left_out == COPIES[3:4]
    assert held == COPIES[4:]
    assert world.kept(*COPIES) == [*COPIES[:3], *held]
    reason = world.cloud.lineage(held[0])["reason"]
    assert reason.startswith(f"held: this repeats {document_id(COPIES[0])}")
    assert "the source acme/wiki/ has lost 1 of 5 documents" in reason
    assert "`slipway duplicates confirm acme/wiki/`" in reason
    assert logged().count('"DuplicatesHeld":[1.0]') == len(held)
    world.put(A, changed(TEXT, 1))
    assert world.status(A) == "duplicate", "another source, which has lost nothing yet"


@pytest.mark.capability("D4")
def test_when_a_person_agrees_what_was_held_is_left_out(world: World) -> None:
    world.say(default={"enabled": True, "min_documents": 4})
    fill(world)
    message = {"detail-type": "Near-Duplicates Confirmed", "detail": {"source": "acme/", "max_lost_share": 0.6}}
    world.ingest(message, message)

    *first, still_held = world.kept(*COPIES)
    assert first == COPIES[:3], "five of nine are within .6, a sixth is not"
    assert world.cloud.lineage(still_held)["reason"].startswith("held")
    world.ingest({**message, "detail": {"source": "acme/", "max_lost_share": 1.0}})
    assert world.kept(*COPIES) == COPIES[:3]
    world.ingest(world.cloud.delete(COPIES[0]))
    assert len(world.kept(*COPIES)) == 3


def test_a_source_that_is_switched_off_keeps_its_copies_and_gives_up_its_places(world: World) -> None:
    world.put(A, TEXT)
    copy = world.put(B, NEAR)
    off = {"enabled": False}
    world.say(default={"enabled": True}, sources=[{"prefix": "acme/", "near_duplicates": off}])
    world.ingest(copy)

    assert world.kept(A, B) == [A, B]
    world.put(A, text(6))
    world.put("acme/d.md", text(6))
    assert world.kept(A, B, "acme/d.md") == [A, B, "acme/d.md"]


def test_settings_that_cannot_be_read_bring_the_message_back(world: World, logged: Any) -> None:
    world.say(default={"treshold": 0.9})
    assert world.cloud.ingest(world.cloud.put(A, TEXT)) == ["0"]
    assert "NEAR_DUPLICATES is not a JSON object of settings" in logged()
