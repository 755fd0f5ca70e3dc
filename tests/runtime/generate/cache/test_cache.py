"""Answers that are given again: when, to whom, and when no more."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slipway_runtime.generate.cache.answers import Answers
from slipway_runtime.generate.cache.step import Cache, Semantic
from slipway_runtime.generate.conversation import Message, ModelRequest, Sampling, Tool
from slipway_runtime.generate.events import Event, Finish, Note, TextDelta, Usage, collect
from slipway_runtime.generate.exchange import Exchange
from slipway_runtime.generate.routes.table import Alias, Route
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Table
from slipway_runtime.retrieve.embed import EmbeddingError
from slipway_runtime.retrieve.filters import Equals
from tests.support.tables import table_of

pytestmark = pytest.mark.capability("S9")
ALIAS = Alias(routes=(Route(bedrock="m"),))
QUESTION = "What is the price of the Falcon?"
ASKED_ANEW = "Tell me: what is the price of the Falcon, please?"


@dataclass
class Model:
    """A model that numbers its answers."""

    asked: int = 0
    notes: dict[str, Any] = field(default_factory=dict)
    finish: str = "stop"

    def __call__(self, exchange: Exchange) -> Iterator[Event]:
        self.asked += 1
        yield TextDelta(f"{exchange.tenant} ")
        yield TextDelta(f"answer {self.asked}")
        yield Note(self.notes)
        yield Finish(self.finish)
        yield Usage(3, 4)


class Vectors:
    """An embedder for which all questions are alike: what keeps them apart is everything else."""

    broken = False

    def embed(self, texts: list[str], _deadline: Deadline, _purpose: str) -> list[list[float]]:
        if self.broken:
            raise EmbeddingError("down", code="x", transient=False)
        return [[1.0, 0.5, -0.25] for _ in texts]


@dataclass
class World:
    """A cache, and what it depends on."""

    table: Table
    epochs: dict[str, int] = field(default_factory=dict)
    vectors: Vectors = field(default_factory=Vectors)
    at: float = 1e9

    @property
    def cache(self) -> Cache:
        return Cache(
            answers=Answers(table=self.table, seconds=3600, now=lambda: self.at),
            epoch=lambda tenant: self.epochs.get(tenant, 0),
            semantic=Semantic(embedder=lambda: self.vectors, threshold=0.9),  # type: ignore[arg-type,return-value]
        )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with table_of(monkeypatch, "cache") as made:
        yield World(made)


def exchange(text: str = QUESTION, *, tenant: str = "acme", **more: Any) -> Exchange:
    request = ModelRequest(messages=(Message("system", "be brief"), Message("user", text)))
    given: dict[str, Any] = {"name": "x", "alias": ALIAS, "documents": True, **more}
    return Exchange(tenant=tenant, user="u", request=request, deadline=Deadline.after(60), **given)


def asked(exchange: Exchange, **changes: Any) -> Exchange:
    return replace(exchange, request=msgspec.structs.replace(exchange.request, **changes))


def test_the_same_question_is_answered_once_with_its_notes_and_no_tokens(world: World) -> None:
    model = Model(notes={"grounded": True, "citations": [{"document": "a"}]})
    first = collect(world.cache(exchange(), model))
    again = collect(world.cache(exchange(f"  {QUESTION} "), model))
    assert (first.text, first.notes["cache"], model.asked) == ("acme answer 1", "miss", 1)
    assert (again.text, again.route, again.input_tokens) == (first.text, "cache", 0)
    assert again.notes == {"grounded": True, "citations": [{"document": "a"}], "cache": "exact"}


def test_a_hit_streams_in_pieces(world: World) -> None:
    def onward(_exchange: Exchange) -> Iterator[Event]:
        yield TextDelta("word " * 100)
        yield Finish("stop")

    collect(world.cache(exchange(), onward))
    pieces = [each.text for each in world.cache(exchange(), onward) if isinstance(each, TextDelta)]
    assert len(pieces) > 5 and "".join(pieces) == "word " * 100


def test_other_words_for_the_same_are_a_semantic_hit(world: World) -> None:
    model = Model()
    collect(world.cache(exchange(), model))
    near = collect(world.cache(exchange(ASKED_ANEW), model))
    assert (near.text, near.notes["cache"], near.notes["similarity"], model.asked) == (
        "acme answer 1",
        "semantic",
        1.0,
        1,
    )


@pytest.mark.parametrize(
    "other",
    [
        exchange("What is the price of the Heron?"),
        exchange("What is the price of 2 Falcon?"),
        exchange("What is not the price of the Falcon?"),
        exchange(ASKED_ANEW, wishes={"cache": "exact"}),
        exchange(ASKED_ANEW, name="y"),
        exchange(ASKED_ANEW, alias=Alias(routes=(Route(bedrock="other"),))),
        exchange(ASKED_ANEW, documents=False),
        exchange(ASKED_ANEW, filter=Equals("eq", "team", "a")),
        exchange(ASKED_ANEW, wishes={"prompt": "p@production"}),
        asked(exchange(ASKED_ANEW), sampling=Sampling(max_tokens=9)),
        asked(exchange(), messages=(Message("system", "be long"), Message("user", QUESTION))),
        asked(exchange(), messages=(Message("user", "hi"), Message("assistant", "hi"), Message("user", QUESTION))),
    ],
)
def test_what_says_or_asks_for_something_else_is_none(world: World, other: Exchange) -> None:
    model = Model()
    collect(world.cache(exchange(), model))
    assert collect(world.cache(other, model)).notes["cache"] == "miss"
    assert model.asked == 2


@pytest.mark.parametrize(
    "other",
    [
        exchange(wishes={"cache": False}),
        asked(exchange(), tools=(Tool("f"),)),
        asked(exchange(), sampling=Sampling(temperature=0.7)),
        exchange(alias=Alias(routes=(Route(bedrock="m", temperature=0.3),))),
    ],
)
def test_tools_and_variety_are_not_cached_by_themselves(world: World, other: Exchange) -> None:
    model = Model()
    for _ in range(2):
        assert "cache" not in collect(world.cache(other, model)).notes
    assert model.asked == 2


def test_variety_is_cached_where_it_is_asked_for(world: World) -> None:
    model, other = Model(), asked(exchange(wishes={"cache": True}), sampling=Sampling(temperature=0.7))
    assert [collect(world.cache(other, model)).notes["cache"] for _ in range(2)] == ["miss", "exact"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "a#", "a#answer", ""]), st.sampled_from([QUESTION, ASKED_ANEW]))))
def test_nobody_gets_the_answer_of_another_tenant(world: World, requests: list[tuple[str, str]]) -> None:
    model = Model()
    for tenant, text in requests:
        whole = collect(world.cache(exchange(text, tenant=tenant), model))
        assert whole.text.startswith(f"{tenant} answer")


def test_a_change_of_the_documents_ends_it_for_that_tenant_alone(world: World) -> None:
    model = Model()
    for tenant in ("acme", "other"):
        collect(world.cache(exchange(tenant=tenant), model))
    world.epochs["acme"] = 1
    assert collect(world.cache(exchange(), model)).notes["cache"] == "miss"
    assert collect(world.cache(exchange(ASKED_ANEW), model)).text == "acme answer 3"
    assert collect(world.cache(exchange(tenant="other"), model)).notes["cache"] == "exact"


def test_what_was_answered_while_documents_changed_is_not_given_again(world: World) -> None:
    model = Model()

    def meanwhile(asked: Exchange) -> Iterator[Event]:
        world.epochs["acme"] = 1
        yield from model(asked)

    collect(world.cache(exchange(), meanwhile))
    assert collect(world.cache(exchange(), model)).notes["cache"] == "miss"


def test_it_expires(world: World) -> None:
    model = Model()
    collect(world.cache(exchange(), model))
    world.at += 3601
    assert collect(world.cache(exchange(ASKED_ANEW), model)).notes["cache"] == "miss"


@pytest.mark.parametrize("model", [Model(finish="length"), Model(notes={"grounded": False})])
def test_what_is_cut_or_refused_is_asked_anew(world: World, model: Model) -> None:
    for _ in range(2):
        assert collect(world.cache(exchange(), model)).notes["cache"] == "miss"


def test_an_answer_that_broke_off_is_not_kept(world: World) -> None:
    events = world.cache(exchange(), Model())
    next(events), next(events)
    events.close()  # type: ignore[attr-defined]
    assert collect(world.cache(exchange(), Model())).notes["cache"] == "miss"


def test_a_cache_that_is_down_is_no_error(world: World) -> None:
    model = Model()
    world.vectors.broken = True
    assert collect(world.cache(exchange(), model)).text == "acme answer 1"
    world.table.client.delete_table(TableName="cache")
    assert collect(world.cache(exchange(), model)).text == "acme answer 2"


def test_what_is_known_of_a_user_goes_with_question_and_vector_and_nobody_elses(world: World) -> None:
    model = Model()
    mine, other = exchange("Where is Erin's boat?"), replace(exchange("Where is the harbour?"), user="ann")
    talked = exchange("Where is Erin's shed?", wishes={"conversation": "c1"})
    for each in (mine, other, talked):
        collect(world.cache(each, model))
    answers = world.cache.answers
    assert answers.forget_user("acme", "u", "c") == 0
    assert answers.forget_user("acme", "u", "c1") == 1
    assert "shed" not in str(world.table.client.scan(TableName="cache")["Items"])
    assert (answers.forget_user("other", "u"), answers.forget_user("acme", "u"), answers.forget_user("acme", "u")) == (
        0,
        1,
        0,
    )
    assert "Erin" not in str(world.table.client.scan(TableName="cache")["Items"])
    assert collect(world.cache(other, model)).notes["cache"] == "exact"
    assert collect(world.cache(replace(mine, user="ann"), model)).notes["cache"] == "miss"
