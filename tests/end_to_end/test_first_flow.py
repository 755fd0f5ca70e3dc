"""Somebody else's documents go in; grounded, cited answers come out, through the unmodified openai client."""

from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from support.command import Slipway


@pytest.fixture(scope="module")
def manual(slipway: Slipway, dev: dict[str, Any], npm_docs: Path) -> dict[str, Any]:
    return slipway.json("ingest", npm_docs / "using-npm")


def ask(client: OpenAI, question: str) -> Any:
    return client.chat.completions.create(model="default", messages=[{"role": "user", "content": question}])


@pytest.mark.capability("D1")
@pytest.mark.capability("D10")
@pytest.mark.capability("R1")
@pytest.mark.capability("O14")
def test_every_document_of_the_folder_is_searchable(manual: dict[str, Any], npm_docs: Path, slipway: Slipway) -> None:
    files = sorted((npm_docs / "using-npm").glob("*.md"))
    assert manual["documents"] == len(files) >= 10
    assert manual["chunks"] > len(files)
    assert manual["rejected"] == []
    listed = {item["path"]: item for item in slipway.json("documents", "--prefix", "using-npm/")}
    assert sorted(listed) == [f"using-npm/{file.name}" for file in files]
    assert {item["status"] for item in listed.values()} == {"indexed"}


@pytest.mark.capability("R8")
@pytest.mark.capability("S7")
@pytest.mark.parametrize(
    ("question", "document", "word"),
    [
        ("What does the prepublishOnly script do?", "using-npm/scripts.md", "publish"),
        ("What is a scope and what can it be used for?", "using-npm/scope.md", "scope"),
        ("How do I uninstall npm itself?", "using-npm/removal.md", "uninstall"),
    ],
)
def test_an_answer_cites_the_document_it_stands_on(
    manual: dict[str, Any], openai_client: OpenAI, question: str, document: str, word: str
) -> None:
    completion = ask(openai_client, question)
    extra = completion.slipway
    assert extra["grounded"] is True
    assert "[1]" in completion.choices[0].message.content
    assert document in {citation["document"] for citation in extra["citations"]}
    assert any(word in citation["text"].lower() for citation in extra["citations"])
    assert all(0 <= citation["score"] <= 1 and citation["location"] for citation in extra["citations"])
    assert completion.usage.total_tokens > 0
    assert completion.choices[0].finish_reason == "stop"


@pytest.mark.capability("R8")
@pytest.mark.parametrize(
    "question",
    ["How many moons does the planet Saturn have?", "Who won the football world cup in 1998?", "¿Qué tiempo hace hoy?"],
)
def test_what_the_documents_do_not_hold_is_refused(
    manual: dict[str, Any], openai_client: OpenAI, question: str
) -> None:
    completion = ask(openai_client, question)
    assert (completion.slipway["grounded"], completion.slipway["citations"]) == (False, [])
    assert "documents" in completion.choices[0].message.content


def test_ingesting_again_changes_nothing(manual: dict[str, Any], slipway: Slipway, npm_docs: Path) -> None:
    again = slipway.json("ingest", npm_docs / "using-npm")
    assert again["duplicates"] == again["documents"] == manual["documents"]
    assert again["chunks"] == manual["chunks"]


def test_the_command_asks_as_the_client_does(manual: dict[str, Any], slipway: Slipway) -> None:
    answer = slipway.json("ask", "Which life cycle scripts run before a package is published?")
    assert answer["grounded"] is True
    assert {"document", "location", "text", "score"} <= set(answer["citations"][0])
    assert answer["latency_ms"] > 0
    assert answer["usage"]["total_tokens"] > 0


@pytest.mark.capability("S7")
def test_the_models_are_listed(openai_client: OpenAI) -> None:
    assert "default" in [model.id for model in openai_client.models.list()]


@pytest.mark.capability("S7")
def test_a_model_that_does_not_exist_is_named(openai_client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="no-such-model") as raised:
        openai_client.chat.completions.create(model="no-such-model", messages=[{"role": "user", "content": "x"}])
    assert raised.value.code == "model_not_found"


def test_a_wrong_key_is_refused(dev: dict[str, Any]) -> None:
    with pytest.raises(openai.AuthenticationError):
        OpenAI(base_url=dev["gateway_url"], api_key="wrong", max_retries=0).models.list()
