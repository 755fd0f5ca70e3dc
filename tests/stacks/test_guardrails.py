"""The guard in the templates: its policy, its permissions, and a guardrail of Bedrock where the settings have one."""

import json
from typing import Any

import pytest

from slipway_runtime.generate.guard.policy import Policy, read

pytestmark = pytest.mark.capability("P9")
BEDROCK = """
guardrails:
  topics: { rival: [acme corporation] }
  bedrock:
    enabled: true
    grounding: 0.6
    topics: [{ name: Taxes, definition: Advice on taxes., examples: ["How do I avoid taxes?"] }]
"""


def policy(templates: Any) -> Policy:
    parameters = [each["Properties"] for each in templates.of("gateway", "AWS::SSM::Parameter")]
    return read(next(each["Value"] for each in parameters if each["Name"].endswith("/gateway/guard")))


def chat(templates: Any) -> dict[str, Any]:
    functions = [each["Properties"] for each in templates.of("gateway", "AWS::Lambda::Function")]
    found = next(each for each in functions if "GUARD_PARAMETER" in each["Environment"]["Variables"])
    variables: dict[str, Any] = found["Environment"]["Variables"]
    return variables


def test_every_shipped_environment_guards_with_local_detectors_alone(environments: dict[str, Any]) -> None:
    for templates in environments.values():
        found = policy(templates)
        assert (found.injection.input, found.canary.output, found.documents.input) == ("flag", "block", "redact")
        assert found.bedrock.input == "off"
        assert chat(templates)["GUARD_PARAMETER"].endswith("/gateway/guard")
        assert templates.of("gateway", "AWS::Bedrock::Guardrail") == []


def test_a_guardrail_of_bedrock_has_a_version_and_may_be_applied_by_the_chat_function_alone(synthesise: Any) -> None:
    """Source: CloudFormation reference, AWS::Bedrock::Guardrail, AWS::Bedrock::GuardrailVersion."""
    templates = synthesise(BEDROCK)
    made = templates.one("gateway", "AWS::Bedrock::Guardrail")
    filters = {each["Type"]: each for each in made["ContentPolicyConfig"]["FiltersConfig"]}
    assert filters["PROMPT_ATTACK"]["OutputStrength"] == "NONE"
    assert made["ContextualGroundingPolicyConfig"]["FiltersConfig"] == [{"Type": "GROUNDING", "Threshold": 0.6}]
    assert made["TopicPolicyConfig"]["TopicsConfig"][0]["Name"] == "Taxes"
    assert templates.one("gateway", "AWS::Bedrock::GuardrailVersion")
    assert {"GUARDRAIL_ID", "GUARDRAIL_VERSION"} <= chat(templates).keys()
    statements = [
        statement
        for each in templates.of("gateway", "AWS::IAM::Policy")
        for statement in each["Properties"]["PolicyDocument"]["Statement"]
        if "bedrock:ApplyGuardrail" in json.dumps(statement)
    ]
    assert len(statements) == 1
    assert "GuardrailArn" in json.dumps(statements[0]["Resource"])
    assert policy(templates).topics == {"rival": ("acme corporation",)}


def test_without_a_guard_nothing_of_it_is_made(synthesise: Any) -> None:
    templates = synthesise("guardrails: { enabled: false }")
    assert "gateway/guard" not in json.dumps(templates["gateway"])
