"""Writers at once, crashes, conflicts and limits of the online index."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.duplicates.claiming import DuplicateOf, Kept
from slipway_runtime.prepare.duplicates.entries import Document
from slipway_runtime.prepare.duplicates.index import Duplicates
from slipway_runtime.prepare.duplicates.table import Conflict, Table
from support.duplicates import TABLE, World, all_have_read


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
        missing.claim(document, world.settings, Deadline.after(5))


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
        world.index.claim(document, world.settings, Deadline.after(0.2))


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
    assert asked[:8] == [23, 20, 17, 14, 11, 8, 5, 2]


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


@pytest.mark.capability("D4")
@pytest.mark.parametrize("becomes", ["gone", "another text"])
def test_what_a_document_repeats_changes_before_that_is_written_and_the_document_is_kept(
    world: World, texts: Any, becomes: str
) -> None:
    """Else nobody would keep the text: the first one has gone, and the second was left out for it."""
    text = texts.text()
    world.claim("a", text)

    def meanwhile(operation: str) -> None:
        if operation == "transact_write_items":
            world.client.before = lambda operation: None
            if becomes == "gone":
                world.release("a")
            else:
                world.claim("a", texts.text(), 2)

    world.client.before = meanwhile
    assert world.claim("b", texts.changed(text, 1)) == Kept()
    assert world.claim("c", texts.changed(text, 1)).document_id == "doc_b"
