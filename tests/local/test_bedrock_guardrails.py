"""Guardrails: the control plane, what each policy finds, and a guardrail around a conversation."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.guardrails import BLOCKED, pii
from support.shapes import check_answer

pytestmark = pytest.mark.capability("O14")


@pytest.fixture
def apply(bedrock_url: str) -> Callable[..., dict[str, Any]]:
    """ApplyGuardrail over plain HTTP: the answer as it was sent, checked against botocore's shape."""

    def call(guardrail_id: str, text: str, source: str = "INPUT", *more: Any, **settings: Any) -> dict[str, Any]:
        body = {"source": source, "content": [{"text": {"text": text}}, *more], **settings}
        request = urllib.request.Request(
            f"{bedrock_url}/guardrail/{guardrail_id}/version/DRAFT/apply", json.dumps(body).encode(), method="POST"
        )
        with urllib.request.urlopen(request) as response:
            answer: dict[str, Any] = json.load(response)
        check_answer("bedrock-runtime", "ApplyGuardrail", answer)
        return answer

    return call


def test_a_guardrail_has_a_draft_and_versions_that_stay_as_they_are(control: Any, guardrail: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-deploy.html
    made = guardrail(description="first", wordPolicyConfig={"wordsConfig": [{"text": "durian"}]})
    version = control.create_guardrail_version(guardrailIdentifier=made, description="one")["version"]
    assert version == "1"
    arn = control.get_guardrail(guardrailIdentifier=made)["guardrailArn"]
    control.update_guardrail(guardrailIdentifier=arn, name="renamed", **BLOCKED)
    draft = control.get_guardrail(guardrailIdentifier=arn)
    assert (draft["name"], draft["version"], draft["status"], "wordPolicy" in draft) == (
        "renamed",
        "DRAFT",
        "READY",
        False,
    )
    kept = control.get_guardrail(guardrailIdentifier=made, guardrailVersion="1")
    assert kept["wordPolicy"]["words"] == [{"text": "durian"}]
    assert kept["description"] == "one"
    assert [one["version"] for one in control.list_guardrails(guardrailIdentifier=made)["guardrails"]] == ["DRAFT", "1"]
    assert made in {one["id"] for one in control.list_guardrails()["guardrails"]}
    control.delete_guardrail(guardrailIdentifier=made, guardrailVersion="1")
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        control.get_guardrail(guardrailIdentifier=made, guardrailVersion="1")


def test_what_bedrock_refuses_to_make_is_refused(control: Any, guardrail: Any, bedrock_url: str) -> None:
    made = guardrail()
    name = control.get_guardrail(guardrailIdentifier=made)["name"]
    with pytest.raises(control.exceptions.ConflictException):
        control.create_guardrail(name=name, **BLOCKED)
    reasoning = {"policies": ["arn:aws:bedrock:us-east-1:123456789012:automated-reasoning-policy/abcdefghijkl:1"]}
    with pytest.raises(ClientError, match="does not emulate automated reasoning"):
        control.create_guardrail(name="reasons", automatedReasoningPolicyConfig=reasoning, **BLOCKED)
    request = urllib.request.Request(f"{bedrock_url}/guardrails", b'{"name": "half"}', method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert "blockedInputMessaging" in json.load(caught.value)["message"]


def test_words_block_whatever_their_case_and_only_as_words(guardrail: Any, apply: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-word-filters.html
    made = guardrail(wordPolicyConfig={"wordsConfig": [{"text": "acme corp"}, {"text": "cat"}]})
    answer = apply(made, "Is ACME Corp any good?")
    assert answer["action"] == "GUARDRAIL_INTERVENED"
    assert answer["outputs"] == [{"text": "Not this question."}]
    words = answer["assessments"][0]["wordPolicy"]["customWords"]
    assert words == [{"match": "ACME Corp", "action": "BLOCKED", "detected": True}]
    assert answer["usage"]["wordPolicyUnits"] == 1
    assert apply(made, "A cat", "OUTPUT")["outputs"] == [{"text": "Not this answer."}]
    fine = apply(made, "A catalogue of concatenations.")
    assert (fine["action"], fine["outputs"], fine["actionReason"]) == ("NONE", [], "No action.")


def test_personal_data_is_masked_or_blocked_as_each_setting_says(guardrail: Any, apply: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-sensitive-filters.html
    settings = pii("EMAIL", "PHONE")
    policy = settings["sensitiveInformationPolicyConfig"]
    policy["piiEntitiesConfig"].append({"type": "US_SOCIAL_SECURITY_NUMBER", "action": "BLOCK", "inputEnabled": False})
    policy["regexesConfig"] = [{"name": "order", "pattern": r"ORD-\d{4}", "action": "ANONYMIZE"}]
    made = guardrail(**settings)
    answer = apply(made, "Ann: ann@example.com, ORD-1234.", "INPUT", {"text": {"text": "Call (206) 555-0101"}})
    assert answer["action"] == "GUARDRAIL_INTERVENED"
    assert answer["outputs"] == [{"text": "Ann: {EMAIL}, {order}."}, {"text": "Call {PHONE}"}]
    found = answer["assessments"][0]["sensitiveInformationPolicy"]
    assert [(one["type"], one["match"], one["action"]) for one in found["piiEntities"]] == [
        ("EMAIL", "ann@example.com", "ANONYMIZED"), ("PHONE", "(206) 555-0101", "ANONYMIZED"),
    ]  # fmt: skip
    assert found["regexes"][0]["name"] == "order"
    assert apply(made, "078-05-1120")["action"] == "NONE", "not enabled for input"
    assert apply(made, "078-05-1120", "OUTPUT")["outputs"] == [{"text": "Not this answer."}]


def test_a_denied_topic_is_a_sentence_close_to_its_definition_or_examples(guardrail: Any, apply: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-denied-topics.html; the means are our own
    topic = {
        "name": "Investment",
        "type": "DENY",
        "definition": "Advice about how to invest money in stocks, funds or bonds.",
        "examples": ["Which stocks should I buy?", "Should I put my savings into bonds?"],
    }
    made = guardrail(topicPolicyConfig={"topicsConfig": [topic]})
    answer = apply(made, "Hello there. What stocks should I buy now?")
    assert answer["assessments"][0]["topicPolicy"]["topics"] == [
        {"name": "Investment", "type": "DENY", "action": "BLOCKED", "detected": True}
    ]
    fine = apply(made, "How do I reset my password?", outputScope="FULL")
    assert fine["action"] == "NONE"
    assert fine["assessments"][0]["topicPolicy"]["topics"][0]["detected"] is False


def test_an_answer_is_compared_with_its_source_and_its_query(guardrail: Any, runtime: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-contextual-grounding-check.html
    filters = [{"type": "GROUNDING", "threshold": 0.5}, {"type": "RELEVANCE", "threshold": 0.4}]
    made = guardrail(contextualGroundingPolicyConfig={"filtersConfig": filters})

    def ask(answer: str) -> tuple[str, dict[str, str]]:
        content = [
            {"text": {"text": "London is the capital of the UK. Tokyo is the capital of Japan.",
                      "qualifiers": ["grounding_source"]}},
            {"text": {"text": "What is the capital of Japan?", "qualifiers": ["query"]}},
            {"text": {"text": answer, "qualifiers": ["guard_content"]}},
        ]  # fmt: skip
        response = runtime.apply_guardrail(
            guardrailIdentifier=made, guardrailVersion="DRAFT", source="OUTPUT", content=content
        )
        found = response["assessments"][0]["contextualGroundingPolicy"]["filters"]
        return response["action"], {one["type"]: one["action"] for one in found}

    assert ask("The capital of Japan is Tokyo.") == ("NONE", {"GROUNDING": "NONE", "RELEVANCE": "NONE"})
    assert ask("My cat likes to sleep on the sofa.")[1] == {"GROUNDING": "BLOCKED", "RELEVANCE": "BLOCKED"}


def test_what_is_not_assessed_is_said(guardrail: Any, apply: Any) -> None:
    hate = {"type": "HATE", "inputStrength": "HIGH", "outputStrength": "HIGH"}
    made = guardrail(
        contentPolicyConfig={"filtersConfig": [hate]},
        wordPolicyConfig={"managedWordListsConfig": [{"type": "PROFANITY"}]},
        **pii("NAME", "EMAIL"),
    )
    answer = apply(made, "Hello.")
    words = "No action. Not assessed by the local cloud: content filter HATE, word list PROFANITY, personal data NAME."
    assert answer["actionReason"] == words
    assert answer["usage"]["contentPolicyUnits"] == 0
