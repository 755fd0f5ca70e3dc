"""The online index against moto's DynamoDB in this process.

DynamoDB serves each request on its own, and a transaction as one
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html, "Isolation levels"); moto does
not promise that to threads, so requests are let in one at a time.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from slipway_local import table_transactions
from slipway_runtime.operate.retry import Backoff, Deadline
from slipway_runtime.prepare.duplicates.claiming import DuplicateOf, Kept, Stale
from slipway_runtime.prepare.duplicates.entries import Document
from slipway_runtime.prepare.duplicates.index import Duplicates
from slipway_runtime.prepare.duplicates.similarity import jaccard, shingle_set
from slipway_runtime.prepare.duplicates.table import Conflict, Table

TABLE = "duplicates"


class OneAtATime:
    """A client whose requests do not overlap; `before` is called with each operation's name."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, threading.RLock()
        self.exceptions = client.exceptions
        self.before: Callable[[str], None] = lambda operation: None
        self.calls: list[str] = []

    def get_paginator(self, operation: str) -> Any:
        return self._client.get_paginator(operation)

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            self.before(operation)
            with self._lock:
                self.calls.append(operation)
                return getattr(self._client, operation)(**request)

        return call


def all_have_read(writers: int) -> Callable[[str], None]:
    """Holds each thread's first write until every thread has come to its own."""
    together, seen = threading.Barrier(writers), threading.local()

    def before(operation: str) -> None:
        if operation == "transact_write_items" and not getattr(seen, "waited", False):
            seen.waited = True
            together.wait(20)

    return before


@dataclass
class World:
    """The index, and the curated texts that it verifies against."""

    client: OneAtATime
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    ttl_days: int | None = None

    @property
    def index(self) -> Duplicates:
        table = Table(client=self.client, name=TABLE, backoff=Backoff(base_seconds=0.001, cap_seconds=0.01))
        return Duplicates(table=table, curated_text=lambda *key: self.texts.get(key), ttl_days=self.ttl_days)

    def claim(self, name: str, text: str, version: int = 1, *, tenant: str = "acme", source: str = "wiki") -> Any:
        self.texts[tenant, f"doc_{name}"] = text
        document = Document(
            tenant=tenant, source=source, document_id=f"doc_{name}", sequencer=f"{version:032}", text=text
        )
        return self.index.claim(document, Deadline.after(20))

    def release(self, name: str, *, tenant: str = "acme", source: str = "wiki") -> tuple[str, ...]:
        self.texts.pop((tenant, f"doc_{name}"), None)
        return self.index.release(tenant, source, f"doc_{name}", Deadline.after(20))

    def items(self) -> list[dict[str, Any]]:
        return self.client._client.scan(TableName=TABLE)["Items"]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    table_transactions.install()  # moto alone copies the table for each write of a transaction
    with mock_aws():
        yield new_world()


def new_world() -> World:
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("subject", "item")],
        BillingMode="PAY_PER_REQUEST",
    )
    return World(OneAtATime(client))


@pytest.mark.capability("D4")
def test_a_copy_that_arrives_later_is_found_and_a_different_document_is_not(world: World, texts: Any) -> None:
    text = texts.text()
    near, far = texts.changed(text, 3), texts.changed(text, 12)
    exact = jaccard(shingle_set(text), shingle_set(near))

    assert world.claim("a", text) == Kept()
    assert world.claim("b", near) == DuplicateOf(document_id="doc_a", similarity=exact)
    assert world.claim("c", text.upper()) == DuplicateOf(document_id="doc_a", similarity=1.0)
    assert world.claim("d", far) == Kept()
    assert world.claim("e", texts.changed(far, 1)) == DuplicateOf(
        document_id="doc_d", similarity=pytest.approx(0.967, abs=0.01)
    )


def test_a_document_is_no_duplicate_of_itself_delivered_again_or_older(world: World, texts: Any) -> None:
    text = texts.text()
    assert world.claim("a", text, 1) == Kept()
    before = world.items()

    assert world.claim("a", text, 1) == Kept()
    assert world.items() == before
    assert world.claim("a", text, 2) == Kept()
    assert world.claim("a", texts.changed(text, 2), 3) == Kept()
    assert world.claim("a", text, 2) == Stale()
    assert world.claim("b", texts.changed(text, 1), 1).document_id == "doc_a"
    duplicates = world.items()
    assert world.claim("b", texts.changed(text, 1), 0) == Stale()
    assert world.items() == duplicates


def test_a_duplicate_delivered_again_costs_reads_only(world: World, texts: Any) -> None:
    text = texts.text()
    near = texts.changed(text, 2)
    world.claim("a", text)
    first = world.claim("b", near)
    world.client.calls.clear()

    assert world.claim("b", near) == first
    assert "transact_write_items" not in world.client.calls


def test_a_new_document_costs_one_read_and_one_transaction(world: World, texts: Any) -> None:
    world.claim("a", texts.text())
    world.client.calls.clear()
    world.claim("b", texts.text())

    assert world.client.calls == ["batch_get_item", "transact_write_items"]
    sizes = [sum(len(name) + size(value) for name, value in item.items()) for item in world.items()]
    assert len(sizes) == 28
    assert max(sizes) < 1024  # one write unit


def size(attribute: dict[str, Any]) -> int:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html"""
    ((kind, value),) = attribute.items()
    return 3 + sum(1 + size(each) for each in value) if kind == "L" else len(value)


def test_a_document_that_goes_gives_its_bands_back_and_names_who_repeated_it(world: World, texts: Any) -> None:
    text = texts.text()
    near, nearer = texts.changed(text, 1), texts.changed(text, 2)
    world.claim("a", text)
    world.claim("b", near)
    world.claim("c", nearer)

    assert world.release("a") == ("doc_b", "doc_c")
    assert world.release("a") == ("doc_b", "doc_c")  # whoever asked may have been stopped: the orphans wait
    assert world.claim("b", near) == Kept()
    assert world.claim("c", nearer).document_id == "doc_b"
    assert world.release("a") == ()
    assert world.release("c") == ()
    assert world.release("b") == ()
    assert world.items() == []


def test_a_document_that_changes_frees_its_old_text_and_holds_its_new_one(world: World, texts: Any) -> None:
    old, new = texts.text(), texts.text()
    world.claim("a", old, 1)
    assert world.claim("b", texts.changed(old, 1)).document_id == "doc_a"

    assert world.claim("a", new, 2) == Kept(orphans=("doc_b",))
    assert world.claim("a", new, 2) == Kept(orphans=("doc_b",))
    assert world.claim("b", texts.changed(old, 1)) == Kept()
    assert world.claim("a", new, 2) == Kept()
    assert world.claim("c", texts.changed(new, 1)).document_id == "doc_a"
    assert world.claim("d", old).document_id == "doc_b"


def test_a_kept_document_that_turns_into_a_duplicate_names_its_orphans(world: World, texts: Any) -> None:
    first, second = texts.text(), texts.text()
    world.claim("a", first)
    world.claim("b", second)
    world.claim("c", texts.changed(second, 1))

    changed = world.claim("b", texts.changed(first, 1), 2)

    assert changed.document_id == "doc_a"
    assert changed.orphans == ("doc_c",)
    assert world.claim("b", world.texts["acme", "doc_b"], 2).orphans == ("doc_c",)
    assert world.claim("c", texts.changed(second, 1)) == Kept()
    assert world.claim("b", world.texts["acme", "doc_b"], 2).orphans == ()


@pytest.mark.capability("D4")
def test_tenants_and_sources_never_see_each_other(world: World, texts: Any) -> None:
    text = texts.text()
    assert world.claim("a", text) == Kept()

    assert world.claim("b", text, tenant="other") == Kept()
    assert world.claim("c", text, source="mail") == Kept()
    assert world.claim("a", text, tenant="third") == Kept()
    assert world.release("a", tenant="other") == ()
    assert world.claim("d", text) == DuplicateOf(document_id="doc_a", similarity=1.0)
    assert world.claim("e", text, source="wiki#document#doc_a#acme/wiki") == Kept()


def test_documents_without_words_repeat_only_their_equals(world: World) -> None:
    assert world.claim("a", "!!!") == Kept()
    assert world.claim("b", "???") == Kept()
    assert world.claim("c", " !!!\n") == DuplicateOf(document_id="doc_a", similarity=1.0)
    assert world.claim("d", "one word") == Kept()
    assert world.claim("e", "One... WORD") == DuplicateOf(document_id="doc_d", similarity=1.0)


def test_without_the_candidates_text_there_is_no_evidence(world: World, texts: Any) -> None:
    text = texts.text()
    world.claim("a", text)
    world.texts.clear()

    assert world.claim("b", texts.changed(text, 1)) == Kept()


def test_the_text_decides_not_the_signature(world: World, texts: Any) -> None:
    """Precision: the candidate's text changed since, and its own event has not come yet."""
    text = texts.text()
    world.claim("a", text)
    world.texts["acme", "doc_a"] = texts.text()

    assert world.claim("b", texts.changed(text, 1)) == Kept()


@pytest.mark.capability("D4")
@pytest.mark.parametrize("writers", [2, 6])
def test_of_alike_documents_that_arrive_at_once_exactly_one_is_kept(world: World, texts: Any, writers: int) -> None:
    """All have read before anybody writes: what one of them read alone would let it in."""
    text = texts.text()
    copies = [texts.changed(text, number % 3) for number in range(writers)]
    world.client.before = all_have_read(writers)
    with ThreadPoolExecutor(writers) as pool:
        claims = list(pool.map(lambda number: world.claim(str(number), copies[number]), range(writers)))

    kept = [number for number, claim in enumerate(claims) if isinstance(claim, Kept)]
    assert len(kept) == 1
    assert all(claim.document_id == f"doc_{kept[0]}" for claim in claims if isinstance(claim, DuplicateOf))


def test_different_documents_that_share_bands_are_both_kept_at_once(world: World, texts: Any) -> None:
    text = texts.text()
    one, other = texts.changed(text, 3), texts.changed(text, 5)  # .79 alike
    world.client.before = all_have_read(2)
    with ThreadPoolExecutor(2) as pool:
        claims = list(pool.map(lambda pair: world.claim(*pair), [("a", one), ("b", other)]))
    world.client.before = lambda operation: None

    assert claims == [Kept(), Kept()]
    assert world.claim("c", texts.changed(one, 1)).document_id == "doc_a"
    assert world.claim("d", texts.changed(other, 1)).document_id == "doc_b"
    assert world.release("a") == ("doc_c",)
    assert world.claim("e", texts.changed(other, 1)).document_id == "doc_b"


@pytest.mark.parametrize("operation", ["batch_get_item", "transact_write_items"])
@pytest.mark.parametrize("applied", [False, True])
def test_a_crash_at_any_request_leaves_a_state_that_the_next_delivery_completes(
    world: World, texts: Any, operation: str, applied: bool
) -> None:
    """`applied`: the request reached the table, and the answer was lost."""
    text = texts.text()
    world.claim("a", text)
    crash = {"left": 1}
    real = world.client._client

    class Crashing:
        exceptions = real.exceptions

        def __getattr__(self, name: str) -> Any:
            def call(*names: str, **request: Any) -> Any:
                if name == operation and crash["left"]:
                    crash["left"] = 0
                    if applied:
                        getattr(real, name)(**request)
                    raise ConnectionError("the function was stopped")
                return getattr(real, name)(*names, **request)

            return call

    world.client._client = Crashing()
    for name, version, content in (("b", 1, texts.changed(text, 1)), ("a", 2, texts.text())):
        crash["left"] = 1
        with pytest.raises(ConnectionError):
            world.claim(name, content, version)
        claimed = world.claim(name, content, version)
        expected = DuplicateOf if name == "b" else Kept
        assert isinstance(claimed, expected)
    assert claimed.orphans == ("doc_b",)
    world.client._client = real
    for name in "ab":
        world.release(name)
    assert world.items() == []


def test_other_failures_are_not_hidden(world: World, texts: Any) -> None:
    document = Document(tenant="acme", source="wiki", document_id="doc_a", sequencer="1", text=texts.text())
    missing = Duplicates(table=Table(client=world.client, name="no-such-table"), curated_text=lambda *_: None)

    with pytest.raises(ClientError, match="ResourceNotFound"):
        missing.claim(document, Deadline.after(5))


def test_a_writer_that_always_comes_second_gives_up_at_the_deadline(world: World, texts: Any) -> None:
    text = texts.text()
    real = world.client._client

    class Busy:
        exceptions = real.exceptions
        batch_get_item = staticmethod(real.batch_get_item)

        def transact_write_items(self, **request: Any) -> None:
            answer = {
                "Error": {"Code": "TransactionCanceledException", "Message": ""},
                "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
            }
            raise real.exceptions.TransactionCanceledException(answer, "TransactWriteItems")

    world.client._client = Busy()
    document = Document(tenant="acme", source="wiki", document_id="doc_a", sequencer="1", text=text)
    with pytest.raises(Conflict):
        world.index.claim(document, Deadline.after(0.2))


def test_keys_that_the_table_left_unprocessed_are_asked_for_again(world: World, texts: Any) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html: UnprocessedKeys."""
    text = texts.text()
    world.claim("a", text)
    real, asked = world.client._client, []

    class Partial:
        exceptions = real.exceptions
        transact_write_items = staticmethod(real.transact_write_items)

        def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803
            keys = RequestItems[TABLE]["Keys"]
            asked.append(len(keys))
            answer = real.batch_get_item(RequestItems={TABLE: {**RequestItems[TABLE], "Keys": keys[:3]}})
            rest = {TABLE: {**RequestItems[TABLE], "Keys": keys[3:]}} if keys[3:] else {}
            return {**answer, "UnprocessedKeys": rest}

    world.client._client = Partial()

    assert world.claim("b", text.upper()) == DuplicateOf(document_id="doc_a", similarity=1.0)
    assert asked[:5] == [14, 11, 8, 5, 2]


def test_items_expire_where_a_source_says_so(world: World, texts: Any) -> None:
    world.ttl_days = 90
    world.claim("a", texts.text())

    assert all(int(item["expires_at"]["N"]) > 1_700_000_000 for item in world.items())
    world.ttl_days = None
    world.claim("b", texts.text())
    assert sum("expires_at" not in item for item in world.items()) == 14


def test_no_more_than_sixteen_kept_documents_own_a_band(world: World) -> None:
    """Alike enough to share bands, not enough to be duplicates; every one of them is kept, the items stay small."""
    common = " ".join(f"common{number}" for number in range(60))
    for number in range(40):
        own = " ".join(f"own{number}x{place}" for place in range(14))
        assert world.claim(f"{number:02}", f"{common} {own}") == Kept()

    owners = [len(item["owners"]["L"]) for item in world.items() if "owners" in item]
    assert max(owners) == 16


FAMILY = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"]
PUT = st.tuples(st.sampled_from("uvwxyz"), st.integers(0, 1), st.integers(0, 19))
REMOVE = st.sampled_from("uvwxyz")


class Model:
    """Documents that come, change and go, whose orphans are handled again, as asked."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.live: dict[str, tuple[str, int]] = {}
        self.verdicts: dict[str, Any] = {}

    def put(self, name: str, family: int, edit: int) -> None:
        words = [f"{word}{family}" for word in FAMILY * 3]
        words[3 * edit] = f"edit{edit}"
        self.live[name] = " ".join(words), self.live.get(name, ("", 0))[1] + 1
        self.claim(name)
        assert self.world.claim(name, *self.live[name]) == self.verdicts[name]

    def remove(self, name: str) -> None:
        self.live.pop(name, None)
        self.verdicts.pop(name, None)
        self.again(self.world.release(name))

    def claim(self, name: str) -> None:
        verdict = self.world.claim(name, *self.live[name])
        self.again(verdict.orphans)
        self.verdicts[name] = settled(verdict)

    def again(self, orphans: tuple[str, ...]) -> None:
        for name in (orphan.removeprefix("doc_") for orphan in orphans):
            if name in self.live:
                self.claim(name)

    def check(self) -> None:
        """Each duplicate points to a live kept document that it really repeats; bands name live kept ones only."""
        kept = {f"doc_{name}" for name, verdict in self.verdicts.items() if isinstance(verdict, Kept)}
        for name, verdict in self.verdicts.items():
            if isinstance(verdict, DuplicateOf):
                assert verdict.document_id in kept
                its = self.live[verdict.document_id.removeprefix("doc_")][0]
                assert jaccard(shingle_set(self.live[name][0]), shingle_set(its)) >= 0.8
        bands = [item["owners"]["L"] for item in self.world.items() if "owners" in item]
        assert {owner["S"].partition("@")[0] for owners in bands for owner in owners} == kept


def settled(verdict: Any) -> Any:
    """The verdict once its orphans are handled."""
    return replace(verdict, orphans=())


@given(st.lists(st.one_of(PUT, REMOVE), max_size=14))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example takes requests: shrinking would take minutes
)
def test_any_order_of_events_keeps_the_promises(world: World, events: list[Any]) -> None:
    model = Model(world)
    for event in events:
        if isinstance(event, str):
            model.remove(event)
        else:
            model.put(*event)
        model.check()
    for name in "uvwxyz":
        model.remove(name)
    assert world.items() == []
