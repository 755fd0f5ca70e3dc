"""The gateway's chat: OpenAI's schema, grounded answers with citations, refusals, errors that name the parameter."""

import pytest
from openai.types.chat import ChatCompletion

from support.chat import GARDEN, ask, call


@pytest.mark.capability("R8")
@pytest.mark.capability("S7")
def test_an_answer_cites_document_and_heading(cloud, context) -> None:
    cloud.ingest(cloud.put("acme/garden.md", GARDEN))
    status, body, _ = call(context, ask("How many hours of sun do tomatoes need?"))
    assert status == 200
    parsed = ChatCompletion.model_validate(body, strict=True)
    assert parsed.choices[0].message.content
    assert body["object"] == "chat.completion"
    assert body["model"] == "default"
    choice = body["choices"][0]
    assert choice["message"]["role"] == "assistant"
    assert "six hours" in choice["message"]["content"]
    assert "[1]" in choice["message"]["content"]
    assert choice["finish_reason"] == "stop"
    assert body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"] > 0
    grounding = body["slipway"]
    assert grounding["grounded"] is True
    first = grounding["citations"][0]
    assert (first["document"], first["location"]) == ("garden.md", "Garden guide > Tomatoes")
    assert "six hours" in first["text"]
    assert 0.3 <= first["score"] <= 1


@pytest.mark.parametrize("limit", [{"max_tokens": 5}, {"stop": ["."]}])
def test_an_answer_that_the_caller_cut_short_is_not_called_a_refusal(cloud, context, limit: dict) -> None:
    """The markers are gone with the end of the text, so it is not grounded either."""
    cloud.ingest(cloud.put("acme/garden.md", GARDEN))
    _, body, _ = call(context, ask("How many hours of sun do tomatoes need?", **limit))
    assert body["slipway"] == {"grounded": False, "citations": []}
    assert "do not contain" not in body["choices"][0]["message"]["content"]
    assert body["choices"][0]["message"]["content"]


@pytest.mark.capability("R8")
def test_an_answer_from_a_pdf_cites_the_page(cloud, context, make_pdf) -> None:
    pages = [["The boiler manual."], ["Press the red button for ten seconds", "to reset the boiler."]]
    cloud.ingest(cloud.put("acme/boiler.pdf", make_pdf(pages)))
    _, body, _ = call(context, ask("How do I reset the boiler?"))
    assert body["slipway"]["citations"][0]["location"] == "page 2"


@pytest.mark.capability("R8")
@pytest.mark.parametrize("question", ["What is the capital of Mongolia?", "Who won the chess championship of 1972?"])
def test_a_question_the_documents_do_not_answer_is_refused_plainly(cloud, context, question: str) -> None:
    cloud.ingest(cloud.put("acme/garden.md", GARDEN))
    status, body, _ = call(context, ask(question))
    assert status == 200
    assert body["choices"][0]["message"]["content"] == "The documents do not contain an answer to this question."
    assert body["slipway"] == {"grounded": False, "citations": []}


def test_without_documents_no_model_is_called(cloud, context) -> None:
    _, body, _ = call(context, ask("Anything?"))
    assert body["slipway"]["grounded"] is False
    assert cloud.bedrock.calls == 1, "one embedding, no text"


@pytest.mark.capability("R8")
def test_one_tenant_never_sees_anothers_documents(cloud, context) -> None:
    cloud.ingest(cloud.put("acme/garden.md", GARDEN))
    question = ask("How many hours of sun do tomatoes need?", tenant="acme", user="acme")
    _, body, _ = call(context, question, tenant="other")
    assert body["slipway"]["grounded"] is False


@pytest.mark.capability("R8")
def test_the_context_stays_within_its_budget(cloud, context, monkeypatch) -> None:
    part = "Tomatoes need six hours of sun a day, and this is remark number {} about tomatoes and sun. " * 5
    cloud.ingest(*(cloud.put(f"acme/{index}.md", part.replace("{}", f"{index}-x{index}")) for index in range(4)))
    monkeypatch.setenv("CONTEXT_MAX_TOKENS", "150")
    from slipway_runtime import parts_of_exchange
    from slipway_runtime.operate.retry import Deadline

    answerer = parts_of_exchange.answerer(
        "default", parts_of_exchange.table().alias("default"), parts_of_exchange.searcher(None)
    )

    assert len(answerer.retrieve("acme", "How much sun do tomatoes need?", Deadline.after(20))) == 1


def test_several_turns_and_text_parts_are_accepted(cloud, context) -> None:
    cloud.ingest(cloud.put("acme/garden.md", GARDEN))
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hello, what would you like to know?"},
        {"role": "user", "content": [{"type": "text", "text": "How often should I turn the compost heap?"}]},
    ]
    extra = {"temperature": 0, "max_tokens": 100, "n": 1, "stream": False, "store": False, "metadata": {}}
    status, body, _ = call(context, {"model": "default", "messages": messages} | extra)
    assert status == 200
    assert "every two weeks" in body["choices"][0]["message"]["content"]


def test_what_means_nothing_here_passes_as_it_does_at_openai(cloud, context) -> None:
    """Neutral values, and messages that say nothing. Source: OpenAI API reference, "Create chat completion"."""
    cloud.ingest(cloud.put("acme/garden.md", GARDEN))
    messages = [
        {"role": "system", "content": ""},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": None, "tool_calls": None},
        {"role": "assistant", "content": " ", "tool_calls": []},
        {"role": "user", "content": ""},
        {"role": "user", "content": "How often should I turn the compost heap?"},
        {"role": "system", "content": "Be brief."},
    ]
    neutral = {"presence_penalty": 0, "frequency_penalty": 0.0, "tool_choice": "auto", "tools": [], "logit_bias": {}}
    more = {"modalities": ["text"], "logprobs": False, "top_logprobs": None, "verbosity": "medium", "functions": []}
    status, body, _ = call(context, {"model": "default", "messages": messages} | neutral | more)
    assert (status, body["slipway"]["grounded"]) == (200, True)
    assert "every two weeks" in body["choices"][0]["message"]["content"]


def test_models_are_listed(cloud, context) -> None:
    status, body, _ = call(context, None, method="GET")
    names = [each["id"] for each in body["data"]]
    model = {"id": "default", "object": "model", "created": 0, "owned_by": "slipway"}
    assert (status, body["object"], names, body["data"][0]) == (200, "list", ["default", "embedding", "fast"], model)
    assert call(context, None, method="PUT")[0] == 405


@pytest.mark.capability("R8")
def test_a_citation_points_at_the_sentence(cloud, context) -> None:
    cloud.ingest(cloud.put("acme/garden.md", GARDEN))
    _, body, _ = call(context, ask("How many hours of sun do tomatoes need?"))
    citation = body["slipway"]["citations"][0]
    curated = cloud.curated("acme/garden.md")["text"]
    assert curated[citation["start"] : citation["end"]] == citation["text"]
    quote = citation["quotes"][0]
    assert quote["text"] == "Tomatoes need six hours of sun a day."
    assert curated[quote["start"] : quote["end"]] == quote["text"]


@pytest.mark.capability("R8")
def test_a_filter_narrows_what_is_answered_from(cloud, context) -> None:
    cloud.ingest(cloud.put("acme/garden.md", GARDEN), cloud.put("acme/copy.md", GARDEN.replace("six", "seven")))
    wanted = {"type": "eq", "key": "path", "value": "copy.md"}
    _, body, _ = call(context, ask("How many hours of sun do tomatoes need?", filters=wanted))
    assert {each["document"] for each in body["slipway"]["citations"]} == {"copy.md"}
    assert "seven hours" in body["choices"][0]["message"]["content"]


@pytest.mark.capability("R8")
def test_a_wrong_filter_is_named(cloud, context) -> None:
    status, body, _ = call(context, ask("Anything?", filters={"type": "eq", "key": "x", "value": None}))
    assert (status, body["error"]["param"]) == (400, "filters.value")


@pytest.mark.capability("R8")
def test_a_follow_up_is_searched_for_with_what_it_follows(cloud, context) -> None:
    """The stand-in writes no questions, so the question before is carried along."""
    cloud.ingest(cloud.put("acme/garden.md", GARDEN))
    messages = [
        {"role": "user", "content": "How many hours of sun do tomatoes need?"},
        {"role": "assistant", "content": "Six hours [1]."},
        {"role": "user", "content": "And when should I water them?"},
    ]
    _, body, _ = call(context, {"model": "default", "messages": messages})
    searched = body["slipway"]["searched_for"]
    assert searched == "How many hours of sun do tomatoes need?\nAnd when should I water them?"
    _, body, _ = call(context, ask("And when should I water them?"))
    assert "searched_for" not in body["slipway"]
