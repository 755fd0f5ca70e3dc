"""Conversations: turns that never mix, that are kept once, summarised, expired and deleted.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from slipway_runtime.generate.conversation import Message, ModelRequest, ToolCall
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.events import Event, Finish, TextDelta, ToolCallDelta, Usage, collect
from slipway_runtime.generate.exchange import Exchange
from slipway_runtime.generate.memory.conversations import DAY_SECONDS, Conversations, Gone, digest
from slipway_runtime.generate.memory.step import Memory
from slipway_runtime.generate.memory.summary import Summariser
from slipway_runtime.generate.memory.turns import Head
from slipway_runtime.generate.models import Reply, Sampling, Turn
from slipway_runtime.generate.routes.table import Alias, Route
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Table
from tests.support.tables import table_of

pytestmark = pytest.mark.capability("S10")


@dataclass
class Writer:
    """A model that writes summaries, and remembers what it was asked."""

    asked: list[str] = field(default_factory=list)
    broken: bool = False

    def converse(self, system: str, turns: list[Turn], sampling: Sampling, deadline: Deadline) -> Reply:
        self.asked.append(turns[-1].text)
        if self.broken:
            raise ApiError(503, "down", code="model_unavailable")
        return Reply(f"summary {len(self.asked)}", "stop", 1, 1)


@dataclass
class Model:
    """A model that answers with how many messages it got."""

    seen: list[tuple[Message, ...]] = field(default_factory=list)
    events: tuple[Event, ...] = ()

    def __call__(self, exchange: Exchange) -> Iterator[Event]:
        self.seen.append(exchange.request.messages)
        yield from self.events or (TextDelta(f"answer {len(self.seen)}"), Finish("stop"), Usage(1, 1))


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    with table_of(monkeypatch, "conversations") as made:
        yield made


@pytest.fixture
def mine(table: Table) -> Conversations:
    return Conversations(table=table, tenant="acme", user="u#1", keep_days=7)


def step(table: Table, writer: Writer | None = None, max_tokens: int = 3000, **more: Any) -> Memory:
    model = writer or Writer()
    return Memory(
        of=lambda asked: Conversations(table=table, tenant=asked.tenant, user=asked.user, keep_days=7, **more),
        summariser=Summariser(model=lambda _spent: model, max_tokens=max_tokens),
    )


def exchange(text: str, *, user: str = "u#1", tenant: str = "acme", **wishes: Any) -> Exchange:
    request = ModelRequest(messages=(Message("system", "be brief"), Message("user", text)))
    alias = Alias(routes=(Route(bedrock="m"),))
    return Exchange(
        tenant=tenant,
        user=user,
        name="x",
        alias=alias,
        request=request,
        deadline=Deadline.after(60),
        wishes={"conversation": "c1", **wishes},
    )


def test_the_model_is_told_the_turns_before_between_the_system_and_the_question(table: Table) -> None:
    memory, model = step(table), Model()
    first = collect(memory(exchange("my name is Ada"), model))
    assert first.notes["conversation"] == {"id": "c1", "turn": 1, "kept": True}
    second = collect(memory(exchange("who am I?"), model))
    assert second.notes["conversation"]["turn"] == 2
    assert [(each.role, each.text) for each in model.seen[1]] == [
        ("system", "be brief"),
        ("user", "my name is Ada"),
        ("assistant", "answer 1"),
        ("user", "who am I?"),
    ]


@pytest.mark.parametrize(("user", "tenant"), [("u", "acme"), ("u#1", "other"), ("", "acme"), ("u%231", "acme")])
def test_nobody_else_is_told_them(table: Table, user: str, tenant: str) -> None:
    memory, model = step(table), Model()
    collect(memory(exchange("my name is Ada"), model))
    collect(memory(exchange("who am I?", user=user, tenant=tenant), model))
    assert [each.text for each in model.seen[1]] == ["be brief", "who am I?"]


def test_turns_that_began_together_follow_each_other_and_none_is_lost(mine: Conversations) -> None:
    seen = Head(id="c1")  # what all of them had read
    for number in range(6):
        said = (Message("user", f"q{number}"), Message("assistant", f"a{number}"))
        mine.add(seen, digest(str(number)), said, "stop")
    turns = mine.recall("c1").turns
    assert [turn.number for turn in turns] == [1, 2, 3, 4, 5, 6]
    assert {(turn.messages[0].text[1:], turn.answer[1:]) for turn in turns} == {(str(n), str(n)) for n in range(6)}
    assert {turn.seen for turn in turns} == {0}


def test_a_request_that_is_sent_again_is_answered_as_before_and_kept_once(table: Table, mine: Conversations) -> None:
    memory, model = step(table), Model()
    collect(memory(exchange("hello", turn="t1"), model))
    again = collect(memory(exchange("hello", turn="t1"), model))
    assert (again.text, again.route, len(model.seen)) == ("answer 1", "conversation", 1)
    assert again.notes["conversation"] == {"id": "c1", "turn": 1, "kept": True, "repeated": True}
    with pytest.raises(ApiError) as refused:
        collect(memory(exchange("something else", turn="t1"), model))
    assert refused.value.status == 409
    assert mine.recall("c1").head.turns == 1


def test_the_same_turn_twice_at_once_is_kept_once(mine: Conversations) -> None:
    said, key = (Message("user", "q"), Message("assistant", "a")), digest("same")
    both = [mine.add(Head(id="c1"), key, said, "stop") for _ in range(2)]
    assert [turn.number for turn in both] == [1, 1]
    assert mine.recall("c1").head.turns == 1


def test_beyond_the_budget_the_oldest_turns_become_a_summary(table: Table, mine: Conversations) -> None:
    writer, model = Writer(), Model()
    memory = step(table, writer, max_tokens=200)
    for number in range(8):
        collect(memory(exchange(f"question {number} " + "word " * 40), model))
    head = mine.recall("c1").head
    assert writer.asked and "question 0" in writer.asked[0]
    assert head.summary.startswith("summary") and 0 < head.summarised < 8
    last = model.seen[-1]
    assert any("<summary>summary" in each.text for each in last if each.role == "user")
    assert not any("question 0" in each.text for each in last)
    # Everything is still there to be read.
    assert [turn.number for turn in mine.turns(head)] == list(range(1, 9))


def test_a_summary_that_fails_is_made_later_and_the_answer_is_kept(table: Table, mine: Conversations) -> None:
    writer, model = Writer(broken=True), Model()
    memory = step(table, writer, max_tokens=200)
    for number in range(6):
        whole = collect(memory(exchange(f"question {number} " + "word " * 40), model))
        assert whole.notes["conversation"]["kept"]
    assert mine.recall("c1").head.summary == ""
    assert not any("question 0" in each.text for each in model.seen[-1])
    writer.broken = False
    collect(memory(exchange("last"), model))
    assert mine.recall("c1").head.summary


def test_it_expires(table: Table, mine: Conversations) -> None:
    collect(step(table)(exchange("hello"), Model()))
    row = table.get(mine.subject, "head#c1")
    assert row is not None and int(row["expires_at"]) - int(row["updated_at"]) == 7 * DAY_SECONDS
    late = replace(mine, now=lambda: int(row["expires_at"]) + 1.0)
    assert late.recall("c1").turns == () and list(late.heads()) == []
    # A new one may begin in its place before DynamoDB has taken the old rows away.
    assert late.add(Head(id="c1"), digest("x"), (Message("user", "q"), Message("assistant", "a")), "stop").number == 1


def test_what_is_deleted_is_gone_and_does_not_come_back(table: Table, mine: Conversations) -> None:
    memory, model = step(table), Model()
    collect(memory(exchange("hello"), model))
    seen = mine.recall("c1").head
    assert mine.delete("c1") is True
    assert mine.delete("c1") is False
    assert list(table.query(mine.subject)) == []
    with pytest.raises(Gone):
        mine.add(seen, digest("late"), (Message("user", "q"), Message("assistant", "a")), "stop")
    assert mine.recall("c1").turns == ()


def test_all_of_a_user_is_deleted_and_nothing_of_another(table: Table, mine: Conversations) -> None:
    memory, model = step(table), Model()
    for number in range(30):
        collect(memory(exchange("hello", conversation=f"c{number}"), model))
    collect(memory(exchange("hello", user="u#10"), model))
    assert mine.delete_all() == 30
    assert list(table.query(mine.subject)) == []
    assert len(list(replace(mine, user="u#10").heads())) == 1


@pytest.mark.parametrize(
    "events",
    [
        (ToolCallDelta(0, "i", "f", "{}"), Finish("tool_calls")),
        (TextDelta("no"), Finish("content_filter")),
        (Finish("stop"),),
    ],
)
def test_what_is_no_whole_answer_is_not_kept(table: Table, mine: Conversations, events: tuple[Event, ...]) -> None:
    whole = collect(step(table)(exchange("hello"), Model(events=events)))
    assert whole.notes["conversation"] == {"id": "c1", "kept": False}
    assert mine.recall("c1").turns == ()


def test_a_reader_that_goes_away_leaves_nothing(table: Table, mine: Conversations) -> None:
    events = step(table)(exchange("hello"), Model())
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert mine.recall("c1").turns == ()


def test_a_turn_with_tools_is_kept_whole(table: Table, mine: Conversations) -> None:
    called = Message("assistant", "", (ToolCall("i", "f", "{}"),))
    asked = exchange("weather?")
    request = replace(
        asked, request=ModelRequest(messages=(*asked.request.messages, called, Message("tool", "sun", (), "i")))
    )
    collect(step(table)(request, Model()))
    assert [each.role for each in mine.recall("c1").turns[0].messages] == ["user", "assistant", "tool", "assistant"]


def test_where_the_table_does_not_answer_the_error_says_so(table: Table) -> None:
    memory, model = step(replace(table, name="nowhere")), Model()
    with pytest.raises(ApiError) as told:
        collect(memory(exchange("hello"), model))
    assert (told.value.status, told.value.code) == (503, "conversation_unavailable")
    assert not model.seen


def test_an_answer_that_cannot_be_kept_is_given_and_says_so(table: Table) -> None:
    model = Model()

    def onward(asked: Exchange) -> Iterator[Event]:
        yield from model(asked)
        table.client.delete_table(TableName="conversations")

    whole = collect(step(table)(exchange("hello"), onward))
    assert (whole.text, whole.notes["conversation"]["kept"]) == ("answer 1", False)


def test_a_turn_that_no_row_holds_is_refused_before_the_model(table: Table) -> None:
    model = Model()
    with pytest.raises(ApiError) as told:
        collect(step(table)(exchange("x" * 300_000), model))
    assert told.value.status == 413 and not model.seen
