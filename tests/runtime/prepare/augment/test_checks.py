"""Each reject code of an answer, and what must pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.prepare.augment import checks
from slipway_runtime.prepare.augment.books import Verdict
from slipway_runtime.prepare.augment.tasks.base import Passage, Task
from slipway_runtime.prepare.augment.tasks.captions import Captions, Description
from slipway_runtime.prepare.augment.tasks.classes import Classes, ClassOf
from slipway_runtime.prepare.augment.tasks.paraphrases import Paraphrases, Rewording
from slipway_runtime.prepare.augment.tasks.questions import QuestionAnswer, Questions
from slipway_runtime.prepare.redact.redact import Redact
from slipway_runtime.prepare.rules.base import RuleSet

pytestmark = pytest.mark.capability("D6")
TEXT = (
    "The pump in hall three moves 40 litres of water in a minute. Its \u201cfine filter\u201d is cleaned\nby the night "
    "shift on Mondays, and the seal of the pump lasts two years."
)
PASSAGE = Passage(text=TEXT, language="en")
GOOD = QuestionAnswer(
    "How much water does the machine move?",
    "It moves 40 litres of water in a minute.",
    "The pump in hall three moves 40 litres of water in a minute.",
)


def code(verdict: Verdict | None) -> str:
    return verdict.code if verdict else "kept"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (GOOD, "kept"),
        # Blanks, quotation marks, dashes and case are how people and models quote.
        (QuestionAnswer(GOOD.question, "The night shift.", 'its "FINE filter" is cleaned by the night shift'), "kept"),
        (QuestionAnswer("Why?", GOOD.answer, GOOD.evidence), "too_short"),
        (QuestionAnswer("Why " * 200 + "?", GOOD.answer, GOOD.evidence), "too_long"),
        (QuestionAnswer(GOOD.question, "", GOOD.evidence), "too_short"),
        (QuestionAnswer(GOOD.question, GOOD.answer, "pump"), "too_short"),
        (QuestionAnswer(GOOD.question, GOOD.answer, "The pump in hall four moves water."), "ungrounded"),
        (QuestionAnswer(GOOD.question, "It moves 45 litres of water in a minute.", GOOD.evidence), "ungrounded"),
        (QuestionAnswer(GOOD.question, "Elephants prefer volcanic islands anyway.", GOOD.evidence), "ungrounded"),
        (QuestionAnswer("the seal of the pump lasts two years?", GOOD.answer, GOOD.evidence), "copies_text"),
        (QuestionAnswer("Is it so that the pump in hall three moves 40 litres of water?", GOOD.answer, GOOD.evidence),
         "copies_text"),
    ],
)  # fmt: skip
def test_questions(item: QuestionAnswer, expected: str) -> None:
    assert code(Questions().refuse(item, PASSAGE)) == expected


ORIGINAL = "The pump in hall three moves 40 litres of water in a minute."


@pytest.mark.parametrize(
    ("original", "paraphrase", "expected"),
    [
        (ORIGINAL, "In every minute, 40 litres of water go through the pump of the third hall.", "kept"),
        (ORIGINAL, ORIGINAL, "copies_text"),
        (ORIGINAL, "The pump in hall three moves 40 litres of water each minute", "copies_text"),
        (ORIGINAL, "In every minute, forty litres of water go through the pump there.", "ungrounded"),
        (ORIGINAL, "In every minute, 40 of 50 litres of water go through the pump there.", "ungrounded"),
        (ORIGINAL, "40 litres a minute.", "too_short"),
        (ORIGINAL, "Water, 40 litres. " * 20, "too_long"),
        ("The lamp in hall three burns for 40 hours, day after day.", "For 40 hours it burns there.", "ungrounded"),
    ],
)
def test_paraphrases(original: str, paraphrase: str, expected: str) -> None:
    assert code(Paraphrases().refuse(Rewording(original, paraphrase), PASSAGE)) == expected


@pytest.mark.parametrize(
    ("label", "evidence", "expected"),
    [("pumps", ORIGINAL, "kept"), ("ships", ORIGINAL, "unknown_class"), ("pumps", "There is a ship.", "ungrounded")],
)
def test_classes(label: str, evidence: str, expected: str) -> None:
    assert code(Classes(("pumps", "lamps")).refuse(ClassOf(label, evidence), PASSAGE)) == expected


@pytest.mark.parametrize(
    ("caption", "expected"),
    [("A drawing of a pump with two pipes.", "kept"), ("A pump.", "too_short"), ("pump " * 300, "too_long")],
)
def test_captions(caption: str, expected: str) -> None:
    assert code(Captions().refuse(Description(caption), PASSAGE)) == expected


GERMAN = "Wie wird die Presse in der Halle geölt, und wo ist das Öl für den Riemen?"


@pytest.mark.parametrize(
    ("said", "language", "expected"),
    [(GERMAN, "en", "wrong_language"), (GERMAN, "de", "kept"), (GERMAN, "", "kept"), ("40 l/min", "en", "kept")],
)
def test_the_language_is_the_documents(said: str, language: str, expected: str) -> None:
    assert code(checks.same_language(said, language)) == expected


def test_what_the_source_redacts_must_not_come_back() -> None:
    rules = RuleSet(text_rules=(Redact(kinds=frozenset({"email", "card"})),))
    said = "Write to info@example.com and pay with 4111 1111 1111 1111."
    verdict = checks.without_personal_data(said, rules)

    assert verdict
    assert verdict.code == "contains_personal_data"
    assert verdict.reason == "the rules of the source redact 1 card, 1 email in it"
    assert checks.without_personal_data(said, RuleSet()) is None
    assert checks.without_personal_data("Write to [EMAIL].", rules) is None


TASKS: list[Task[object]] = [Questions(), Paraphrases(), Captions(), Classes(("a", "b"))]  # type: ignore[list-item]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
def test_a_schema_has_at_its_top_what_nova_takes(task: Task[object]) -> None:
    # https://docs.aws.amazon.com/nova/latest/userguide/tool-use-definition.html
    assert set(task.schema(3)) == {"type", "properties", "required"}
    fields = task.schema(3)["properties"]["items"]["items"]["properties"]
    assert set(fields) == set(task.shape.__struct_encode_fields__)  # type: ignore[attr-defined]


texts = st.text(max_size=300)


@given(question=texts, answer=texts, evidence=texts, text=texts)
def test_no_answer_breaks_a_check_and_no_reason_quotes_it(question: str, answer: str, evidence: str, text: str) -> None:
    verdict = Questions().refuse(QuestionAnswer(question, answer, evidence), Passage(text=text, language="en"))
    if verdict:
        assert not any(len(part) > 12 and part in verdict.reason for part in (question, answer, evidence, text))
    else:
        assert checks.normal(evidence).strip(checks.ENDS) in checks.normal(text)


@given(before=texts, quotation=st.text(min_size=1, max_size=80), after=texts)
def test_a_quotation_in_other_blanks_and_case_is_found(before: str, quotation: str, after: str) -> None:
    spaced = "  ".join(quotation.split(" "))
    assert checks.quoted("evidence", spaced, f"{before} {quotation} {after}") is None


@given(st.text(max_size=400))
def test_a_text_never_paraphrases_itself(text: str) -> None:
    assert checks.reworded(text, text) is not None
