"""A document that repeats another one is left out, and comes back by itself when what it repeats changes or goes."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from slipway_runtime.handlers import ingest_document
from slipway_runtime.operate.again import Again
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.places import Places
from slipway_runtime.prepare.keys import document_id
from support.duplicates import OneAtATime, all_have_read, make_table, quick_transactions
from support.near_texts import changed, text

A, B, C = "acme/a.md", "acme/b.md", "acme/c.md"
TEXT = text(1)
NEAR, NEARER = changed(TEXT, 2), changed(TEXT, 1)


class World:
    """The function with its queue: what it sends there is delivered until nothing is left."""

    def __init__(self, cloud: Any, queue_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cloud, self.queue_url, self.monkeypatch = cloud, queue_url, monkeypatch
        self.sqs = boto3.client("sqs")

    def say(self, **settings: Any) -> None:
        self.monkeypatch.setenv("NEAR_DUPLICATES", json.dumps(settings))
        ingest_document._lifecycle.cache_clear()

    def waiting(self) -> list[str]:
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in answer.get("Messages", [])]

    def ingest(self, *events: Any) -> None:
        assert self.cloud.ingest(*events) == []
        for _ in range(10):
            if not (bodies := self.waiting()):
                return
            assert self.cloud.ingest(*bodies) == []
        raise AssertionError("the queue does not come to rest")

    def put(self, key: str, content: str) -> dict[str, Any]:
        event: dict[str, Any] = self.cloud.put(key, content)
        self.ingest(event)
        return event

    def status(self, key: str) -> str:
        found: str = self.cloud.lineage(key).get("status", "")
        return found

    def kept(self, *keys: str) -> list[str]:
        """Those of the documents that are searchable; lineage, store and curated bucket must agree."""
        found = [key for key in keys if self.status(key) == "indexed"]
        assert [key for key in keys if self.cloud.rows(key)] == found
        assert [key for key in keys if self.cloud.curated(key)] == found
        return found


@pytest.fixture
def world(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    quick_transactions()
    make_table()
    queue_url = boto3.client("sqs").create_queue(QueueName="work")["QueueUrl"]
    monkeypatch.setenv("DUPLICATES_TABLE", "duplicates")
    monkeypatch.setenv("QUEUE_URL", queue_url)
    world = World(cloud, queue_url, monkeypatch)
    world.say(default={"enabled": True, "min_documents": 1000})
    return world


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


COPIES = [f"acme/wiki/{number}.md" for number in range(9)]


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
