"""The extractive stand-in: what it quotes, when it refuses, and how often it is right on labelled questions.

All of it is our own: AWS documents no such model.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

import pytest

from slipway_local.bedrock.extractive import NO_ANSWER, NO_DOCUMENTS, NOTE
from slipway_local.bedrock.sentences import split_sentences, stem

pytestmark = pytest.mark.capability("O14")

CASES = json.loads((Path(__file__).parent / "extractive_cases.json").read_text())
SYSTEM = "Answer from the documents and cite them as [n]. If they do not hold the answer, reply with exactly NO_ANSWER."
MODEL = "us.amazon.nova-lite-v1:0"


def prompt(documents: list[dict], question: str) -> str:
    parts = (
        f'<document index="{index}"><source>{escape(document["source"])}</source>'
        f"<document_content>{escape(document['content'])}</document_content></document>"
        for index, document in enumerate(documents, 1)
    )
    return f"<documents>{''.join(parts)}</documents>\n<question>{escape(question)}</question>"


@pytest.fixture
def ask(bedrock):
    def ask(content: str, **options) -> dict:
        messages = [{"role": "user", "content": [{"text": content}]}]
        return bedrock.converse(modelId=MODEL, system=[{"text": SYSTEM}], messages=messages, **options)

    return ask


def text(response: dict) -> str:
    return response["output"]["message"]["content"][0]["text"]


def right(answer: str, want: str | None) -> bool:
    return answer == NO_ANSWER if want is None else want in answer


@pytest.mark.parametrize(("part", "least"), [("chosen_on", 1.0), ("held_out", 0.8)])
def test_accuracy_on_labelled_questions(ask, record_property, part: str, least: float) -> None:
    documents, questions = CASES[part]["documents"], CASES[part]["questions"]
    results = [right(text(ask(prompt(documents, q["ask"]))), q["want"]) for q in questions]
    accuracy = sum(results) / len(results)
    record_property("accuracy", accuracy)
    wrong = [q["ask"] for q, ok in zip(questions, results, strict=True) if not ok]
    assert accuracy >= least, f"{part}: {accuracy:.2f}; wrong: {wrong}"


def test_an_answer_quotes_verbatim_cites_and_says_what_it_is(ask) -> None:
    documents = CASES["chosen_on"]["documents"]
    answer = text(ask(prompt(documents, "Where are feature flags stored?")))
    assert answer == f"Feature flags are stored in AppConfig. [5] {NOTE}"


def test_escaped_text_is_quoted_as_it_was_written(ask) -> None:
    document = {"source": "R&D.md", "content": "The <limit> of R&D spending is 5 & 1/2 million euros."}
    answer = text(ask(prompt([document], "What is the limit of R&D spending?")))
    assert answer.startswith(document["content"] + " [1]")


@pytest.mark.parametrize("content", ["Hello!", "<question>Why?</question>"])
def test_without_documents_it_says_what_it_is_or_refuses(bedrock, ask, content: str) -> None:
    expected = NO_ANSWER if "<question>" in content else NO_DOCUMENTS
    assert text(ask(content)) == expected
    plain = bedrock.converse(modelId=MODEL, messages=[{"role": "user", "content": [{"text": content}]}])
    assert text(plain) == NO_DOCUMENTS


def test_limits_and_stop_sequences_end_the_answer(ask) -> None:
    content = prompt(CASES["chosen_on"]["documents"], "Where are feature flags stored?")
    cut = ask(content, inferenceConfig={"maxTokens": 3})
    assert (text(cut), cut["stopReason"], cut["usage"]["outputTokens"]) == ("Feature flags are", "max_tokens", 3)
    stopped = ask(content, inferenceConfig={"stopSequences": [" stored"]})
    assert (text(stopped), stopped["stopReason"]) == ("Feature flags are", "stop_sequence")


def test_sentences_keep_abbreviations_lists_and_headings_apart() -> None:
    content = (
        "# Rules\n\nAsk Dr. Li, e.g. by mail. It costs 3.50 euros! Ok?\n\n- Wear a safety helmet\n- Close all doors"
    )
    found = split_sentences(content, "site/safety-rules.md")
    assert [sentence.text for sentence in found] == [
        "Ask Dr. Li, e.g. by mail.",
        "It costs 3.50 euros!",
        "Wear a safety helmet",
        "Close all doors",
    ]
    assert {sentence.context for sentence in found} == {"safety rules Rules"}


@pytest.mark.parametrize(
    "not_prose",
    [
        '```bash\n.venv/bin/slipway ask "Where are feature flags stored?"\n```',
        "~~~\nFeature flags are stored in a file.\n\nFeature flags are stored twice.\n~~~",
        '- An example:\n\n  ```json\n  {"flags": "feature flags are stored here"}\n  ```',
        "    flags = stored(feature, flags, here)",
        "$ flags stored --feature in AppConfig",
        ".venv/bin/flags show where feature flags are stored",
        "| feature flags are | stored in |\n|---|:--:|",
        "---\ntitle: Feature flags are stored here\n---",
        "Where are feature flags stored?",
        "Feature flags are stored.",
        "[Where feature flags are stored](flags.md)",
        "<!-- Feature flags are stored in a comment. -->",
        "closing = the, end, of, a, block\n```",
    ],
)
def test_what_is_no_prose_is_no_answer(ask, not_prose: str) -> None:
    question = "Where are feature flags stored?"
    alone = {"source": "flags.md", "content": not_prose}
    assert text(ask(prompt([alone], question))) == NO_ANSWER
    answered = {"source": "flags.md", "content": f"{not_prose}\n\nFeature flags are stored in `AppConfig`."}
    assert text(ask(prompt([answered], question))) == f"Feature flags are stored in `AppConfig`. [1] {NOTE}"


def test_lists_tables_and_indented_continuations_are_prose() -> None:
    content = (
        "- Close all doors\n\n    and open one window again.\n\n"
        "| place | rule |\n|---|---|\n| roof | Nobody goes there alone. |\n\n"
        "1. Wear a helmet\n   at all times."
    )
    assert [sentence.text for sentence in split_sentences(content, "rules.md")] == [
        "Close all doors",
        "and open one window again.",
        "| roof | Nobody goes there alone. |",
        "Wear a helmet at all times.",
    ]


def test_among_equals_the_better_ranked_document_is_quoted_first(ask) -> None:
    texts = ("Feature flags are stored in Dallas.", "Feature flags are stored in Austin.")
    for order in (texts, texts[::-1]):
        documents = [{"source": "flags.md", "content": content} for content in order]
        assert text(ask(prompt(documents, "Where are feature flags stored?"))).startswith(f"{order[0]} [1]")


@pytest.mark.parametrize(
    ("one", "other"), [("policies", "policy"), ("stored", "store"), ("Backups", "backup"), ("Café", "cafes")]
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)
