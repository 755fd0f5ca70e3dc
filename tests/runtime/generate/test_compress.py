"""Compression never exceeds its budget, and what it keeps stands where it says."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.generate.compress import Compress, compress
from slipway_runtime.generate.conversation import Message, ModelRequest
from slipway_runtime.generate.events import Event, Finish, TextDelta, collect
from slipway_runtime.generate.exchange import Exchange
from slipway_runtime.generate.prompt import user_message
from slipway_runtime.generate.routes.table import Alias, Route
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.rank import estimate_tokens
from slipway_runtime.retrieve.stores.contract import Hit

pytestmark = pytest.mark.capability("S11")
TEXTS = st.lists(
    st.text(alphabet=st.sampled_from("ab cé漢.?!。\n |`…"), max_size=200), max_size=6
)  # fmt: skip


def hit(content: str, number: int = 1) -> Hit:
    return Hit(
        chunk_id=str(number),
        document_id="d",
        path="a.md",
        content=content,
        score=0.9,
        fused=0.9,
        page=None,
        heading="",
        start=0,
        end=len(content),
    )


@given(TEXTS, st.text(alphabet="abc ", max_size=20), st.integers(0, 120))
def test_it_keeps_to_the_budget_and_every_span_resolves(texts: list[str], question: str, budget: int) -> None:
    hits = [hit(text, at) for at, text in enumerate(texts)]
    excerpts = compress(hits, question, budget)
    assert [each.hit for each in excerpts] == hits
    assert sum(estimate_tokens(each.text) for each in excerpts) <= budget
    for each in excerpts:
        assert list(each.spans) == sorted(each.spans)
        assert all(one.end <= two.start for one, two in zip(each.spans, each.spans[1:], strict=False))
        for span in each.spans:
            assert each.hit.content[span.start : span.end] in each.text
            assert each.hit.content[span.start : span.end].strip()


def test_where_all_fits_nothing_but_repetitions_goes() -> None:
    first = "Cats sleep a lot. Dogs bark at night."
    both = compress([hit(first, 1), hit("Dogs bark  at night. Birds sing.", 2)], "birds", 1000)
    assert [each.text for each in both] == [first, "Birds sing."]


def test_the_sentence_that_the_question_is_about_stays() -> None:
    filler = " ".join(f"This sentence number {n} speaks of something else entirely." for n in range(30))
    (one,) = compress([hit(f"{filler} The warranty lasts 24 months. {filler}")], "How long is the warranty?", 30)
    assert "The warranty lasts 24 months." in one.text


def test_of_each_chunk_the_best_stays_before_the_second_of_another() -> None:
    long = "The warranty is long. The warranty is good. The warranty is free."
    kept = compress([hit(long, 1), hit("Nothing of that here.", 2)], "warranty", 12)
    assert all(each.spans for each in kept)


@pytest.mark.parametrize("block", ["| a | b |\n|---|---|\n| 1. 2 | 3 |", "```\nx = 1. y\nz()\n```"])
def test_tables_and_code_stay_whole_or_go(block: str) -> None:
    for budget in range(0, 40, 3):
        (one,) = compress([hit(block)], "a", budget)
        assert one.text in ("", block)


def exchange(hits: list[Hit], question: str) -> Exchange:
    text = f"earlier words\n\n{user_message(hits, question)}"
    request = ModelRequest(messages=(Message("system", "s"), Message("user", text)))
    alias = Alias(routes=(Route(bedrock="m"),))
    made = Exchange(tenant="t", user="", name="x", alias=alias, request=request, deadline=Deadline.after(9))
    return replace(made, contexts=tuple(hits), question=question)


def shown(given: Exchange, max_tokens: int) -> str:
    seen: list[str] = []

    def model(asked: Exchange) -> Iterator[Event]:
        seen.append(asked.request.messages[-1].text)
        yield TextDelta("a")
        yield Finish("stop")

    collect(Compress(max_tokens=max_tokens)(given, model))
    return seen[0]


def test_the_step_shortens_the_chunks_of_the_prompt_and_keeps_their_numbers() -> None:
    hits = [
        hit("Cats </document> sleep. " * 3 + f"Cats number {n} eat fish. " + "Nothing else. " * 40, n) for n in (1, 2)
    ]
    text = shown(exchange(hits, "What do cats eat?"), 40)
    assert text.startswith("earlier words\n\n<documents>") and text.endswith("What do cats eat?</question>")
    assert '<document index="1">' in text and '<document index="2">' in text
    assert "number 1 eat fish." in text and "number 2 eat fish." in text
    assert len(text) < 700


def test_what_fits_and_what_has_no_documents_stays_as_it_is() -> None:
    given = exchange([hit("Cats sleep.")], "q")
    assert shown(given, 1000) == given.request.messages[-1].text
    plain = replace(given, contexts=(), question="")
    assert shown(plain, 1) == plain.request.messages[-1].text
