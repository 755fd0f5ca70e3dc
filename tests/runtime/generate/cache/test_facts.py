"""The guard: which questions ask for the same, and which only look like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.generate.cache.asked import asked
from slipway_runtime.generate.cache.facts import agree, facts
from slipway_runtime.generate.cache.synonyms import alike, stem

pytestmark = pytest.mark.capability("S9")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the price of the Falcon?", "what's the price for the falcon"),
        ("How long is the warranty of the Heron?", "How long does the warranty of the Heron last?"),
        ("Give me seven days of leave", "give me 7 days of leave"),
        ("What does the Falcon cost?", "Can you tell me the price of the Falcon?"),
        ("When is the exam?", "On what date does the exam take place?"),
        ("Who leads the finance team?", "who is the head of finance"),
        ("How do I buy a ticket from Oslo to Rome?", "How can I purchase a ticket from Oslo to Rome?"),
        ("Wie lange gilt die Garantie?", "wie lange gilt die garantie"),
    ],
)
def test_questions_that_ask_for_the_same_agree(one: str, other: str) -> None:
    assert agree(facts(one), facts(other))
    assert agree(facts(other), facts(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Can I pay within 30 days?", "Can I pay within 60 days?"),
        ("Can I pay 1,000 euros?", "Can I pay 1,00 euros?"),
        ("Is the office in Oslo open?", "Is the office in Lisbon open?"),
        ("Is smoking allowed?", "Is smoking not allowed?"),
        ("Can I take it home?", "Can't I take it home?"),
        ("How do I enable two factors?", "How do I disable two factors?"),
        ("Who works with A100?", "Who works with H100?"),
        ("How do I reset my phone?", "How do I reset my laptop?"),
        ("Wie lange gilt die Garantie?", "Wie lange gilt die Garantie nicht?"),
        ("When is the exam?", "Where is the exam?"),
        ("How many stops has the U1?", "How many stops has the U1 at night?"),
        ("How do I get a loan?", "How do I offer a loan?"),
        ("How do I convert CSV to PDF?", "How do I convert PDF to CSV?"),
        ("Which formats can a CSV file be converted to?", "Which formats can be converted to a CSV file?"),
        ("What was the total revenue in 2021?", "What was the gross profit in 2021?"),
        ("Is it right?", "Who is it for?"),
    ],
)
def test_the_guard_sees_what_an_embedding_does_not(one: str, other: str) -> None:
    assert not agree(facts(one), facts(other))
    assert not agree(facts(other), facts(one))


@given(st.text())
def test_every_question_agrees_with_itself(text: str) -> None:
    assert agree(facts(text), facts(text))


@given(st.text(), st.text())
def test_either_of_two_questions_may_be_the_one_that_was_asked_before(one: str, other: str) -> None:
    assert agree(facts(one), facts(other)) == agree(facts(other), facts(one))


@pytest.mark.parametrize(
    ("question", "kinds", "rest"),
    [
        ("could you tell me when the shop opens?", {"time"}, "the shop opens?"),
        ("who wrote emma?", {"person"}, "wrote emma?"),
        ("may i come in?", {"yes or no"}, "may i come in?"),
        ("shop hours and address", {"time", "place"}, "shop and"),
        ("price of a falcon", set(), "price of a falcon"),
    ],
)
def test_the_kind_of_answer_is_read_from_the_question(question: str, kinds: set[str], rest: str) -> None:
    found, words = asked(question)
    assert (set(found), " ".join(words.split())) == (kinds, rest)


def test_a_word_of_two_groups_is_like_both_and_those_are_not_alike() -> None:
    holiday, leave, depart = map(stem, ("holidays", "leave", "departing"))
    assert alike(leave, holiday)
    assert alike(leave, depart)
    assert not alike(holiday, depart)
