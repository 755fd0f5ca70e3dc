"""What is said from a document goes with it: answers in the cache and in conversations, and what repeats them.

Transactions and time to live of DynamoDB:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from slipway_runtime.generate.cache.answers import Answers
from slipway_runtime.generate.cache.step import Cache, Semantic
from slipway_runtime.generate.conversation import Message, ModelRequest
from slipway_runtime.generate.events import Event, Finish, Note, TextDelta, Usage, collect
from slipway_runtime.generate.exchange import Exchange, within
from slipway_runtime.generate.memory.conversations import Conversations
from slipway_runtime.generate.memory.forgetting import MARKER, Forgetting
from slipway_runtime.generate.memory.step import Memory
from slipway_runtime.generate.memory.summary import Summariser
from slipway_runtime.generate.models import Reply
from slipway_runtime.generate.routes.table import Alias, Route
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Table
from tests.support.tables import table_of

pytestmark = pytest.mark.capability("D11")
SECRET = "the Zyxquorvax valve is opened by turning its wheel seven times to the left"
DAY = 86_400


@dataclass
class Documents:
    """What retrieves and answers: each question says which documents it is given, and cites the first."""

    answers: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def __call__(self, exchange: Exchange) -> Iterator[Event]:
        question = exchange.request.messages[-1].text
        self.seen.append(" ".join(each.text for each in exchange.request.messages))
        given = [word for word in question.split() if word.startswith("doc_")]
        exchange.facts.documents += given
        exchange.facts.chunks += [f"{each}#1" for each in given]
        yield TextDelta(self.answers.get(question, f"nothing of note about number {len(self.seen)}"))
        yield Note({"grounded": True, "citations": [{"chunk_id": f"{each}#1", "text": SECRET} for each in given[:1]]})
        yield Finish("stop")
        yield Usage(1, 1)


@dataclass
class Said:
    """A cache and conversations."""

    cached: Table
    table: Table
    at: float = 1e9
    model: Documents = field(default_factory=Documents)
    max_tokens: int = 3000

    @property
    def answers(self) -> Answers:
        return Answers(table=self.cached, seconds=3600, now=lambda: self.at)

    def of(self, user: str) -> Conversations:
        return Conversations(table=self.table, tenant="acme", user=user, keep_days=7, now=lambda: self.at)

    def ask(self, text: str, *, user: str = "~u#1", **wishes: Any) -> Any:
        cache = Cache(
            answers=self.answers,
            epoch=lambda _tenant: 0,
            semantic=Semantic(embedder=lambda: self, threshold=0.9),  # type: ignore[arg-type,return-value]
        )
        summariser = Summariser(model=lambda _spent: self, max_tokens=self.max_tokens)  # type: ignore[arg-type,return-value]
        memory = Memory(of=lambda asked: self.of(asked.user), summariser=summariser)
        exchange = Exchange(
            tenant="acme",
            user=user,
            name="x",
            alias=Alias(routes=(Route(bedrock="m"),)),
            request=ModelRequest(messages=(Message("user", text),)),
            deadline=Deadline.after(60),
            documents=True,
            wishes=wishes,
        )
        return collect(within(memory, cache)(exchange, self.model))

    def embed(self, texts: list[str], _deadline: Deadline, _purpose: str) -> list[list[float]]:
        return [[1.0, 0.5, -0.25] for _ in texts]

    def converse(self, *_: Any) -> Reply:
        return Reply(f"summary: {SECRET}", "stop", 1, 1)

    def forget(self, document: str, **more: Any) -> tuple[int, int]:
        """Return how many cached answers and answers in conversations went."""
        soon = Deadline.after(60)
        turns = Forgetting(table=self.table, tenant="acme").forget(document, soon, **more)
        return self.answers.forget("acme", document, soon), turns

    def rows(self) -> list[dict[str, Any]]:
        tables = (self.cached, self.table)
        return [row for table in tables for row in table.client.scan(TableName=table.name)["Items"]]

    def told(self, user: str = "~u#1", conversation: str = "c") -> list[str]:
        """Return what the assistant said in a conversation, and its summary."""
        conversations = self.of(user)
        head = conversations.head(conversation)
        assert head
        return [head.summary, *(turn.answer for turn in conversations.turns(head))]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[Said]:
    with table_of(monkeypatch, "cached") as cached, table_of(monkeypatch, "said") as made:
        yield Said(cached, made)


def test_a_cached_answer_goes_with_any_document_that_it_was_given_and_others_stay(said: Said) -> None:
    said.model.answers = {"of doc_a doc_b": SECRET}
    said.ask("of doc_a doc_b")
    said.ask("of doc_c")
    assert said.forget("doc_b") == (1, 0)
    assert said.forget("doc_b") == (0, 0)
    assert said.forget("doc_a") == (0, 0)  # which is noted still, and has gone
    subjects = [row["subject"]["S"] for row in said.rows()]
    assert sorted(each.split("#")[1] for each in subjects) == ["answer", "document", "questions", "user", "user"]
    assert said.ask("of doc_c").notes["cache"] == "exact"
    assert said.ask("of doc_a doc_b").notes["cache"] == "miss"


def test_what_is_told_of_a_conversation_counts_for_the_cache(said: Said) -> None:
    said.ask("of doc_a", conversation="c")
    said.ask("say that again", conversation="c")
    assert said.forget("doc_a")[0] == 2


def test_an_answer_in_a_conversation_gives_way_and_the_question_stays(said: Said) -> None:
    said.model.answers = {"of doc_a": SECRET, "and what else": f"As said, {SECRET}."}
    for question in ("of doc_a", "of doc_b", "and what else", "bye"):
        said.ask(question, conversation="c", turn=question.replace(" ", "-"), cache=False)
    before = said.told()
    assert said.forget("doc_a") == (0, 2)
    assert said.told() == ["", MARKER, before[2], MARKER, before[4]]
    head = said.of("~u#1").head("c")
    assert head and next(said.of("~u#1").turns(head)).messages[0].text == "of doc_a"
    assert said.forget("doc_a") == (0, 0)
    said.ask("and now", conversation="c", cache=False)
    assert SECRET not in said.model.seen[-1] and MARKER in said.model.seen[-1]
    again = said.ask("of doc_a", conversation="c", turn="of-doc_a", cache=False)
    assert again.text == MARKER  # also to who asks the same turn once more


def test_an_answer_is_tied_to_what_it_cites_alone(said: Said) -> None:
    said.ask("of doc_a doc_b", conversation="c", cache=False)
    assert said.forget("doc_b") == (0, 0)
    assert said.forget("doc_a") == (0, 1)


def test_a_replayed_answer_is_tied_to_its_documents_too(said: Said) -> None:
    said.model.answers = {"of doc_a": SECRET}
    said.ask("of doc_a")
    assert said.ask("of doc_a", conversation="c").notes["cache"] == "exact"
    assert said.forget("doc_a") == (1, 1)
    assert said.told() == ["", MARKER]


def test_a_summary_goes_even_where_the_turns_that_it_is_made_of_have_expired(said: Said) -> None:
    said.max_tokens, said.model.answers = 60, {f"of doc_a {n}": f"{SECRET} {n}" for n in range(6)}
    for number in range(6):
        said.ask(f"of doc_a {number}", conversation="c", cache=False)
    assert SECRET in said.told()[0]
    for day in range(1, 10):
        said.at = 1e9 + day * DAY
        said.ask(f"of doc_b {day}", conversation="c", cache=False)
    old = [row for row in said.rows() if int(row["expires_at"]["N"]) <= said.at]
    for row in old:  # as DynamoDB does
        said.table.delete([(row["subject"]["S"], row["item"]["S"])])
    said.forget("doc_a")
    assert SECRET not in " ".join(said.told())


def test_a_turn_that_began_before_does_not_bring_a_summary_back(said: Said) -> None:
    said.max_tokens, said.model.answers = 60, {f"of doc_a {n}": f"{SECRET} {n}" for n in range(6)}
    for number in range(6):
        said.ask(f"of doc_a {number}", conversation="c", cache=False)
    conversations = said.of("~u#1")
    seen = conversations.recall("c").head
    assert SECRET in seen.summary
    said.forget("doc_a")
    conversations.add(seen, "k", (Message("user", "q"), Message("assistant", "a")), "stop")
    assert said.told()[0] == ""
    assert not conversations.summarise(seen, SECRET, seen.turns, ("doc_a",))


def test_of_a_document_that_is_there_again_later_answers_stay(said: Said) -> None:
    said.ask("of doc_a", conversation="c", cache=False)
    said.at += 100
    said.model.answers = {"once more of doc_a": "the new text says something else altogether, and at length"}
    said.ask("once more of doc_a", conversation="c", cache=False)
    assert said.forget("doc_a", until=int(1e9) + 50) == (0, 1)
    assert said.told()[1:] == [MARKER, said.model.answers["once more of doc_a"]]
    assert said.forget("doc_a") == (0, 1)  # which could still be found


def test_what_the_deadline_leaves_goes_the_next_time(said: Said) -> None:
    said.ask("of doc_a", conversation="c")
    late = Deadline.after(-1)
    assert said.answers.forget("acme", "doc_a", late) == 0
    assert Forgetting(table=said.table, tenant="acme").forget("doc_a", late) == 0
    assert said.forget("doc_a") == (1, 1)


@pytest.mark.parametrize("alone", [True, False])
def test_nothing_names_a_user_who_deletes_what_was_said(said: Said, alone: bool) -> None:
    said.ask("of doc_a doc_b", conversation="c", cache=False)
    said.ask("of doc_a", conversation="c", cache=False)
    said.ask("of doc_a", conversation="d", user="other", cache=False)
    mine = said.of("~u#1")
    assert mine.delete("c") if alone else mine.delete_all() == 1
    assert not [row for row in said.rows() if "~u%231" in f"{row['subject']['S']} {row['item']['S']}"]
    assert said.forget("doc_a") == (0, 1)
