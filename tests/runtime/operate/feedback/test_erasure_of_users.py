"""What users said and were answered goes with them, with their conversation, or with the document it rests on."""

from collections.abc import Iterator

import pytest

from slipway_runtime.operate.feedback.given import Content, Given
from slipway_runtime.operate.feedback.store import Erased, Feedbacks
from slipway_runtime.operate.meter.entry import Entry, identifier
from slipway_runtime.operate.meter.ledger import Ledger
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Table
from support.tables import table_of

pytestmark = [pytest.mark.capability("P10"), pytest.mark.capability("D11")]
SECRET = "my boat is called Heron"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    with table_of(monkeypatch, "meters") as made:
        yield made


@pytest.fixture
def feedbacks(table: Table) -> Feedbacks:
    return Feedbacks(table=table, tenant="acme")


def asked(feedbacks: Feedbacks, user: str, conversation: str = "", documents: tuple[str, ...] = ()) -> Entry:
    entry = Entry(
        id=identifier(), tenant="acme", at=1, user=user, conversation=conversation, documents=documents, input_tokens=7
    )
    Ledger(table=feedbacks.table).add(entry, Deadline.after(9))
    content = Content([{"role": "user", "content": f"{user}: {SECRET}"}], f"To {user}: {SECRET}")
    assert feedbacks.keep_content(entry, content, days=7)
    return entry


def told(table: Table) -> str:
    """Return everything that stands in the table but for the ledger and its sums."""
    rows = table.client.scan(TableName=table.name)["Items"]
    return str([row for row in rows if not {"ledger", "usage"} & set(row["subject"]["S"].split("#"))])


def test_all_of_a_user_goes_and_nothing_of_another(table: Table, feedbacks: Feedbacks) -> None:
    mine, other = asked(feedbacks, "ann/1#x"), asked(feedbacks, "ann")
    feedbacks.give(Given(request_id=mine.id, thumbs="up", text=SECRET, user="ann/1#x"))
    feedbacks.give(Given(request_id=mine.id, correction=SECRET, user="reviewer"))
    feedbacks.give(Given(request_id=other.id, text=SECRET, user="ann/1#x"))
    feedbacks.give(Given(request_id=other.id, thumbs="down", user="ann"))

    assert feedbacks.erase_user("ann/1#x") == Erased(exchanges=1, feedback=3)
    assert feedbacks.erase_user("ann/1#x") == Erased(0, 0), "again, nothing is left"
    assert feedbacks.content(mine) is None
    content = feedbacks.content(other)
    assert content
    assert content.answer == f"To ann: {SECRET}"
    assert [kept.given.user for _, kept in feedbacks.all()] == ["ann"]
    assert "ann/1#x" not in told(table)
    assert "ann%2F1%23x" not in told(table)
    assert "reviewer" not in told(table)
    assert feedbacks.erase_user("ann") == Erased(1, 1)
    assert told(table) == "[]"
    assert Ledger(table=table).imbalance("acme", mine.day) == {}, "the numbers stay and balance"


def test_a_later_opinion_replaces_the_earlier_and_goes_once(table: Table, feedbacks: Feedbacks) -> None:
    mine = asked(feedbacks, "ann")
    for thumbs in ("up", "down"):
        feedbacks.give(Given(request_id=mine.id, thumbs=thumbs, user="ann"))
    assert feedbacks.erase_user("ann") == Erased(1, 1)
    assert told(table) == "[]"


def test_another_tenants_user_of_the_same_name_stays(table: Table, feedbacks: Feedbacks) -> None:
    asked(feedbacks, "ann")
    assert Feedbacks(table=table, tenant="other").erase_user("ann") == Erased(0, 0)
    assert SECRET in told(table)


def test_a_conversation_takes_its_own_with_it(feedbacks: Feedbacks) -> None:
    gone, stays = asked(feedbacks, "ann", "c1"), asked(feedbacks, "ann", "c2")
    for each in (gone, stays):
        feedbacks.give(Given(request_id=each.id, text=SECRET, user="ann"))
    others = asked(feedbacks, "bob", "c1")
    feedbacks.give(Given(request_id=others.id, text=SECRET, user="ann"))
    assert feedbacks.erase_conversation("ann", "c1") == Erased(1, 1)
    assert feedbacks.content(gone) is None
    assert feedbacks.content(stays)
    assert {kept.entry.id for _, kept in feedbacks.all()} == {stays.id, others.id}, "bob's c1 is another one"


def test_a_document_takes_the_answers_with_it_that_rest_on_it(table: Table, feedbacks: Feedbacks) -> None:
    gone, stays = asked(feedbacks, "ann", documents=("doc_1", "doc_2")), asked(feedbacks, "bob", documents=("doc_2",))
    assert feedbacks.erase_document("doc_1") == 1
    assert feedbacks.erase_document("doc_1") == 0
    assert feedbacks.content(gone) is None
    assert feedbacks.content(stays)
    assert "#from#doc_1'" not in told(table)


def test_an_erasure_that_was_broken_off_is_finished_by_the_next(
    table: Table, feedbacks: Feedbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(30):
        each = asked(feedbacks, "ann")
        feedbacks.give(Given(request_id=each.id, text=SECRET, user="ann"))
    calls = []
    batch = table.client.batch_write_item

    def break_off(**request: object) -> object:
        calls.append(request)
        if len(calls) == 20:
            raise ConnectionError
        return batch(**request)

    with monkeypatch.context() as patched:
        patched.setattr(table.client, "batch_write_item", break_off)
        with pytest.raises(ConnectionError):
            feedbacks.erase_user("ann")
    assert SECRET in told(table)
    feedbacks.erase_user("ann")
    assert told(table) == "[]"
