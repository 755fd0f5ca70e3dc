"""A guardrail around Converse and ConverseStream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.guardrails import pii

pytestmark = pytest.mark.capability("O14")
MODEL = "amazon.nova-lite-v1:0"


@pytest.fixture
def ask(runtime: Any) -> Callable[..., Any]:
    def converse(guardrail_id: str, *content: dict[str, Any]) -> Any:
        config = {"guardrailIdentifier": guardrail_id, "guardrailVersion": "DRAFT", "trace": "enabled"}
        return runtime.converse(
            modelId=MODEL, messages=[{"role": "user", "content": list(content)}], guardrailConfig=config
        )

    return converse


DOCUMENTS = (
    '<document index="1"><document_content>The support desk can be reached at help@example.com by everyone.'
    "</document_content></document><question>How can the support desk be reached?</question>"
)


def test_a_blocked_question_never_reaches_the_model(guardrail: Any, ask: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-converse-api.html
    made = guardrail(wordPolicyConfig={"wordsConfig": [{"text": "durian"}]})
    response = ask(made, {"text": "Where is the durian?"})
    assert response["stopReason"] == "guardrail_intervened"
    assert response["output"]["message"]["content"] == [{"text": "Not this question."}]
    assert response["usage"]["totalTokens"] == 0
    trace = response["trace"]["guardrail"]
    assert trace["inputAssessment"][made]["wordPolicy"]["customWords"][0]["match"] == "durian"
    assert "outputAssessments" not in trace
    # Only what is marked is guarded: guardContent in the same page.
    marked = ask(made, {"text": "Where is the durian?"}, {"guardContent": {"text": {"text": "And the apple?"}}})
    assert marked["stopReason"] == "end_turn"


def test_an_answer_is_masked_or_blocked_after_the_model(guardrail: Any, ask: Any) -> None:
    output_only = {"type": "EMAIL", "action": "ANONYMIZE", "inputEnabled": False}
    made = guardrail(sensitiveInformationPolicyConfig={"piiEntitiesConfig": [output_only]})
    response = ask(made, {"text": DOCUMENTS})
    assert "reached at {EMAIL} by everyone" in response["output"]["message"]["content"][0]["text"]
    assert response["stopReason"] == "guardrail_intervened"
    assert "help@example.com" in response["trace"]["guardrail"]["modelOutput"][0]
    blocked = guardrail(sensitiveInformationPolicyConfig={"piiEntitiesConfig": [output_only | {"action": "BLOCK"}]})
    response = ask(blocked, {"text": DOCUMENTS})
    assert response["output"]["message"]["content"] == [{"text": "Not this answer."}]
    assert response["usage"]["outputTokens"] > 0


def test_what_is_masked_in_the_question_is_masked_for_the_model(guardrail: Any, ask: Any) -> None:
    made = guardrail(**pii("EMAIL"))
    text = ask(made, {"text": DOCUMENTS})["output"]["message"]["content"][0]["text"]
    assert "reached at {EMAIL} by everyone" in text


def test_a_guardrail_that_does_not_exist_is_named(ask: Any) -> None:
    with pytest.raises(ClientError, match="guardrail identifier or version") as caught:
        ask("nosuchguard1", {"text": "hi"})
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_the_stream_of_a_guarded_conversation_is_the_guarded_reply(guardrail: Any, runtime: Any) -> None:
    made = guardrail(**pii("EMAIL"))
    config = {"guardrailIdentifier": made, "guardrailVersion": "DRAFT", "trace": "enabled"}
    response = runtime.converse_stream(
        modelId=MODEL, messages=[{"role": "user", "content": [{"text": DOCUMENTS}]}], guardrailConfig=config
    )
    events = list(response["stream"])
    text = "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)
    assert "{EMAIL}" in text
    assert "help@example.com" not in text
    assert events[-1]["metadata"]["trace"]["guardrail"]["inputAssessment"]
