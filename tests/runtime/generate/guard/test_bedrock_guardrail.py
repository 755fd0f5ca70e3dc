"""Bedrock's verdicts; botocore checks each request and answer against the service's own shapes.

Source: Amazon Bedrock API reference, ApplyGuardrail.
"""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.guard.bedrock_guardrail import BedrockGuardrail

pytestmark = pytest.mark.capability("P9")
USAGE = {
    "topicPolicyUnits": 1,
    "contentPolicyUnits": 1,
    "wordPolicyUnits": 0,
    "sensitiveInformationPolicyUnits": 0,
    "sensitiveInformationPolicyFreeUnits": 0,
    "contextualGroundingPolicyUnits": 0,
}


def stubbed() -> tuple[BedrockGuardrail, Stubber]:
    client = boto3.client(
        "bedrock-runtime", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    stub = Stubber(client)
    stub.activate()
    return BedrockGuardrail(client=client, identifier="g1", version="2"), stub


def answer(text: str, **assessment: Any) -> dict[str, Any]:
    action = "GUARDRAIL_INTERVENED" if assessment else "NONE"
    return {"usage": USAGE, "action": action, "outputs": [{"text": text}], "assessments": [assessment]}


def test_what_blocks_what_masks_and_what_is_fine() -> None:
    guardrail, stub = stubbed()
    topic = {"topics": [{"name": "Taxes", "type": "DENY", "action": "BLOCKED"}]}
    email = {"piiEntities": [{"type": "EMAIL", "match": "a@b.de", "action": "ANONYMIZED"}], "regexes": []}
    stub.add_response("apply_guardrail", answer("no", topicPolicy=topic))
    stub.add_response("apply_guardrail", answer("to {EMAIL}", sensitiveInformationPolicy=email))
    stub.add_response("apply_guardrail", answer(""))
    assert guardrail.check("INPUT", "x") == (["Taxes"], True, "no")
    assert guardrail.check("OUTPUT", "to a@b.de") == (["EMAIL"], False, "to {EMAIL}")
    assert guardrail.check("OUTPUT", "fine") == ([], False, "fine")


def test_sources_and_question_are_sent_for_grounding() -> None:
    guardrail, stub = stubbed()
    content = [
        {"text": {"text": "the source", "qualifiers": ["grounding_source"]}},
        {"text": {"text": "why?", "qualifiers": ["query"]}},
        {"text": {"text": "so", "qualifiers": ["guard_content"]}},
    ]
    sent = {"guardrailIdentifier": "g1", "guardrailVersion": "2", "source": "OUTPUT", "content": content}
    stub.add_response("apply_guardrail", answer(""), sent)
    assert not guardrail.check("OUTPUT", "so", "the source", "why?").blocks


def test_a_guardrail_that_cannot_be_asked_lets_nothing_pass() -> None:
    guardrail, stub = stubbed()
    stub.add_client_error("apply_guardrail", "ThrottlingException")
    with pytest.raises(ApiError) as caught:
        guardrail.check("INPUT", "x")
    assert (caught.value.status, caught.value.code) == (503, "guardrail_unavailable")
