"""The OpenSearch store where the service is slow, contrary or away, over signed HTTP."""

import dataclasses
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.stores.contract import Query, StoreUnavailable
from slipway_runtime.retrieve.stores.guard import Guard, Guards
from slipway_runtime.retrieve.stores.opensearch import client, index, rows
from slipway_runtime.retrieve.stores.opensearch.fusion import Found, fuse
from slipway_runtime.retrieve.stores.opensearch.store import OpenSearchStore
from support.opensearch import NAME, LocalOpenSearch
from support.store_values import DIMENSIONS, pieces, soon, stamp, vectors, version
from support.waiting import wait_for

pytestmark = pytest.mark.capability("R2")


@pytest.fixture
def opensearch(local_opensearch: LocalOpenSearch) -> Iterator[LocalOpenSearch]:
    before = local_opensearch.service.behave(refresh_seconds=0.05)
    yield local_opensearch
    local_opensearch.service.behave(**dataclasses.asdict(before))


@pytest.fixture
def store(opensearch: LocalOpenSearch) -> OpenSearchStore:
    made = opensearch.store()
    made.migrate(DIMENSIONS, soon())
    return made


def replace(store: OpenSearchStore, sequencer: str, words: str, count: int = 3, deadline: Any = None) -> bool:
    return store.replace(version(sequencer), pieces(count, words), vectors(count), deadline or soon())


def found(store: OpenSearchStore, limit: int = 10) -> set[str]:
    query = Query(tenant="acme", vector=vectors(1)[0], text="plain words", limit=limit)
    return {hit.content for hit in store.search(query, soon())}


def settle(opensearch: LocalOpenSearch) -> None:
    assert wait_for(opensearch.service.settled)


def held(opensearch: LocalOpenSearch, store: OpenSearchStore) -> int:
    """Return how many chunks the collection holds, found by searches or not."""
    settle(opensearch)
    return store.count("acme", soon())


def test_a_reader_sees_the_old_version_whole_or_the_new_one_whole(
    opensearch: LocalOpenSearch, store: OpenSearchStore
) -> None:
    replace(store, "1", "old")
    settle(opensearch)
    opensearch.service.behave(refresh_seconds=0.4)
    writing = threading.Thread(target=replace, args=(store, "2", "new", 5))
    writing.start()
    seen = []
    while writing.is_alive():
        seen.append(frozenset(found(store)))
    writing.join()
    old, new = frozenset(f"old {n}" for n in range(3)), frozenset(f"new {n}" for n in range(5))
    assert found(store) == new
    assert set(seen) <= {old, new}
    assert old in seen


@dataclasses.dataclass(frozen=True, kw_only=True)
class Meanwhile(Guards):
    """Guards before whose second reading something happens."""

    moments: Iterator[Callable[[], object]]

    def read(self, document_ids: Iterable[str]) -> dict[str, Guard]:
        next(self.moments)()
        return super().read(document_ids)


def test_a_version_that_is_published_between_search_and_guard_is_not_missed(
    opensearch: LocalOpenSearch, store: OpenSearchStore
) -> None:
    replace(store, "1", "old")
    claimed = store.guards.claim("acme", "doc_1", stamp("2"))
    assert claimed
    data = zip(pieces(3, "new"), vectors(3), strict=True)
    store.writer.write((rows.row(version("2"), claimed.claim, *pair) for pair in data), soon())
    settle(opensearch)
    moments = iter([lambda: None, lambda: store.guards.publish(claimed, 3), *[lambda: None] * 20])
    plain = {"client": store.guards.client, "table": store.guards.table, "kind": store.guards.kind}
    searching = dataclasses.replace(store, guards=Meanwhile(**plain, moments=moments))
    assert found(searching) == {f"new {n}" for n in range(3)}


def test_hits_stay_as_many_as_asked_for_while_stale_ones_are_still_seen(
    opensearch: LocalOpenSearch, store: OpenSearchStore
) -> None:
    for number in range(30):
        made = version("1", f"doc_{number}")
        store.replace(made, pieces(2, f"d{number}"), vectors(2, number), soon())
    settle(opensearch)
    # Deleted as far as the guard knows, but the index still shows their chunks.
    for number in range(29):
        assert store.guards.bury("acme", f"doc_{number}", stamp("2"))
    assert found(store, limit=2) == {"d29 0", "d29 1"}


def test_throttling_is_waited_out_and_nothing_is_written_twice(
    opensearch: LocalOpenSearch, store: OpenSearchStore
) -> None:
    opensearch.service.behave(fail_status=429, fail_times=7)
    assert replace(store, "1", "plain")
    assert held(opensearch, store) == 3
    opensearch.service.behave(fail_status=503, fail_times=4)
    assert found(store) == {f"plain {n}" for n in range(3)}


def test_a_write_whose_answer_was_lost_is_done_again_and_found_once(
    opensearch: LocalOpenSearch, store: OpenSearchStore
) -> None:
    replace(store, "1", "warm")
    settle(opensearch)
    opensearch.service.behave(fail_status=502, fail_times=1, lose_answers=True)
    assert replace(store, "2", "plain")
    settle(opensearch)
    assert sorted(hit for hit in found(store)) == [f"plain {n}" for n in range(3)]
    assert replace(store, "3", "last"), "the next version removes what the lost one left"
    assert held(opensearch, store) == 3


@pytest.mark.parametrize("status", [429, 503, 403])
def test_a_service_that_stays_away_is_unavailable_at_the_deadline_and_loses_nothing(
    opensearch: LocalOpenSearch, store: OpenSearchStore, status: int
) -> None:
    replace(store, "1", "plain")
    settle(opensearch)
    opensearch.service.behave(fail_status=status, fail_times=1_000_000)
    soon_over = Deadline.after(0.3)
    with pytest.raises(StoreUnavailable, match=f"{status}|TimeoutError"):
        replace(store, "2", "new", deadline=soon_over)
    with pytest.raises(StoreUnavailable, match=f"{status}|TimeoutError"):
        store.search(Query(tenant="acme", text="plain", mode="keyword"), Deadline.after(0.3))
    assert not store.health(Deadline.after(0.3)).ok
    opensearch.service.behave(fail_times=0)
    assert found(store) == {f"plain {n}" for n in range(3)}
    assert replace(store, "2", "new")
    assert found(store) == {f"new {n}" for n in range(3)}


def test_a_refresh_that_does_not_come_is_unavailable_and_the_old_version_stays(
    opensearch: LocalOpenSearch, store: OpenSearchStore
) -> None:
    replace(store, "1", "old")
    settle(opensearch)
    opensearch.service.behave(refresh_seconds=30)
    with pytest.raises(StoreUnavailable, match="has not refreshed"):
        replace(store, "2", "new", deadline=Deadline.after(0.3))
    assert found(store) == {f"old {n}" for n in range(3)}


def test_a_deletion_is_in_force_at_once_and_ends_when_the_chunks_are_gone(
    opensearch: LocalOpenSearch, store: OpenSearchStore
) -> None:
    opensearch.service.behave(refresh_seconds=0.5)
    replace(store, "1", "plain")
    with pytest.raises(StoreUnavailable, match="cannot be removed yet"):
        store.delete("acme", "doc_1", stamp("2"), Deadline.after(0.1))
    settle(opensearch)
    assert found(store) == set()
    assert store.delete("acme", "doc_1", stamp("2"), soon()) == 3
    assert held(opensearch, store) == 0


def test_touching_with_other_attributes_writes_the_chunks_anew_with_their_vectors(
    opensearch: LocalOpenSearch, store: OpenSearchStore
) -> None:
    replace(store, "1", "plain", count=120)
    settle(opensearch)
    before = store.search(Query(tenant="acme", vector=vectors(1)[0], mode="vector", limit=5), soon())
    moved = dataclasses.replace(version("2"), path="moved.md", attributes={"year": 3})
    assert store.touch(moved, soon())
    settle(opensearch)
    after = store.search(Query(tenant="acme", vector=vectors(1)[0], mode="vector", limit=5), soon())
    assert [(hit.chunk_id, pytest.approx(hit.score, abs=1e-6)) for hit in before] == [
        (hit.chunk_id, hit.score) for hit in after
    ]
    assert {hit.path for hit in after} == {"moved.md"}
    assert held(opensearch, store) == 120


def test_a_role_gets_in_once_its_policy_is_in_force(
    opensearch: LocalOpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html"""
    made = opensearch.store()
    made.migrate(DIMENSIONS, soon())
    admin = opensearch.client("opensearchserverless")
    name = next(
        each["name"] for each in admin.batch_get_collection(ids=[made.collection.endpoint.rsplit("/", 1)[-1]])[
            "collectionDetails"
        ]
    )  # fmt: skip
    role = f"arn:aws:iam::123456789012:role/{NAME}"
    keys = opensearch.client("sts").assume_role(RoleArn=role, RoleSessionName="reader")["Credentials"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", keys["SessionToken"])
    client.session.cache_clear()
    try:
        with pytest.raises(StoreUnavailable, match="403 Forbidden"):
            made.count("acme", Deadline.after(0.2))
        opensearch.service.behave(propagation_seconds=0.5)
        rule = {"ResourceType": "index", "Resource": [f"index/{name}/*"], "Permission": ["aoss:ReadDocument"]}
        policy = json.dumps([{"Rules": [rule], "Principal": [role]}])
        admin.create_access_policy(type="data", name=NAME, policy=policy)
        with pytest.raises(StoreUnavailable, match="403 Forbidden"):
            made.count("acme", Deadline.after(0.1))
        assert made.count("acme", soon()) == 0, "it was waited for"
        with pytest.raises(StoreUnavailable, match="403"):
            made.collection.ask("PUT", f"{index.NAME}/_mapping", {"properties": {}}, deadline=Deadline.after(0.2))
    finally:
        client.session.cache_clear()


def test_another_graph_is_refused_with_the_remedy(opensearch: LocalOpenSearch, store: OpenSearchStore) -> None:
    other = dataclasses.replace(store, hnsw=index.Hnsw(m=32))
    with pytest.raises(ValueError, match=r"'m': 16.*expected.*'m': 32"):
        other.migrate(DIMENSIONS, soon())
    for wrong in ({"m": 1}, {"ef_construction": 4}, {"m": 64, "ef_construction": 32}):
        with pytest.raises(ValueError, match="expected"):
            index.Hnsw(**wrong)
    with pytest.raises(ValueError, match="1 to 16000"):
        index.body(0, index.Hnsw())


def test_fields_that_an_older_index_lacks_are_added(opensearch: LocalOpenSearch) -> None:
    made = opensearch.store()
    older = index.body(DIMENSIONS, index.Hnsw())
    del older["mappings"]["properties"]["rules"]
    made.collection.ask("PUT", index.NAME, older, deadline=soon())
    made.migrate(DIMENSIONS, soon())
    assert replace(made, "1", "plain")


def test_fusion_sums_reciprocal_ranks_and_breaks_ties_by_the_chunks_id() -> None:
    """Cormack, Clarke and Buettcher (2009): 1 / (k + rank), summed; k is 10 here."""

    def leg(*names: str) -> list[Found]:
        return [
            Found(id=name, chunk_id=name, document_id="d", tenant="t", claim=1, score=10 - at)
            for at, name in enumerate(names)
        ]

    fused = fuse([leg("b", "a", "c"), leg("a", "b", "d")], 3)
    assert [found.id for found, _ in fused] == ["a", "b", "c"]
    assert fused[0][1] == pytest.approx(1 / 11 + 1 / 12)
