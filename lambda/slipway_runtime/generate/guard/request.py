"""The request on its way in: what is said in it is read, and what tools say of themselves.

System messages are the application's own, and alone are not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from slipway_runtime.generate.conversation import Message, ModelRequest
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.guard import personal_data
from slipway_runtime.generate.guard.bedrock_guardrail import BedrockGuardrail
from slipway_runtime.generate.guard.detectors import PersonalData, words
from slipway_runtime.generate.guard.injection import score
from slipway_runtime.generate.guard.outgoing import decided
from slipway_runtime.generate.guard.policy import Action, Finding, Policy
from slipway_runtime.generate.guard.window import Detector, Window

ROLES = frozenset(("user", "assistant", "tool"))
PLACES = {"tool": "instructions in a tool's answer", "assistant": "instructions in an assistant's message"}
Found = Callable[[Finding], None]


def blocked(finding: Finding) -> ApiError:
    """Return the 400 for a request that a detector stopped."""
    message = f"The request was stopped by the guard '{finding.detector}' ({finding.reason})."
    return ApiError(400, message, code="content_blocked", param="messages")


def guarded(request: ModelRequest, policy: Policy, found: Found, bedrock: BedrockGuardrail | None) -> ModelRequest:
    """Return the request, redacted where the policy says so. Raises: ApiError 400 content_blocked, 503."""
    detectors = words(policy, policy.denied_topics.input, policy.toxicity.input)
    if policy.personal_data.input != "off":
        detectors.append(PersonalData(policy.personal_data.input, personal_data.finder(policy.personal_kinds)))
    for tool in request.tools:
        # Servers of others describe their tools themselves.
        _look(f"{tool.description}\n{_descriptions(tool.parameters)}", "instructions in a tool", policy, found)
    messages = tuple(
        _checked(message, policy, detectors, found) if message.role in ROLES and message.text else message
        for message in request.messages
    )
    if bedrock and policy.bedrock.input != "off":
        messages = _by_bedrock(messages, policy, found, bedrock)
    return msgspec.structs.replace(request, messages=messages)


def _look(text: str, where: str, policy: Policy, found: Found) -> None:
    """Look for an injection. Raises: ApiError 400 content_blocked."""
    rule = policy.injection
    if rule.input == "off" or (surely := score(text)) < rule.threshold:
        return
    # A stretch of an attack cannot be cut out with any certainty: redact stops it as block does.
    action: Action = "flag" if rule.input == "flag" else "block"
    finding = Finding("injection", "input", action, where, round(surely, 3))
    found(finding)
    if action == "block":
        raise blocked(finding)


def _checked(message: Message, policy: Policy, detectors: list[Detector], found: Found) -> Message:
    _look(message.text, PLACES.get(message.role, "instructions against the rules"), policy, found)
    stops = list[Finding]()

    def heard(finding: Finding) -> None:
        finding = msgspec.structs.replace(finding, stage="input")
        found(finding)
        stops.append(finding)

    window = Window(detectors=detectors, found=heard)
    text = window.add(message.text) + window.end()
    if window.blocked:
        raise blocked(stops[-1])
    return message if text == message.text else msgspec.structs.replace(message, text=text)


def _descriptions(schema: Any) -> str:
    """Return what a JSON schema says in words."""
    if isinstance(schema, str):
        return schema
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    return "\n".join(filter(None, map(_descriptions, parts)))


def _by_bedrock(
    messages: tuple[Message, ...], policy: Policy, found: Found, bedrock: BedrockGuardrail
) -> tuple[Message, ...]:
    """Return the messages with the last one of the user as Bedrock's guardrail lets it pass."""
    at = max((place for place, message in enumerate(messages) if message.role == "user"), default=-1)
    if at < 0 or not messages[at].text:
        return messages
    verdict = bedrock.check("INPUT", messages[at].text)
    if not verdict.reasons:
        return messages
    done = decided(verdict, policy.bedrock.input, "input", found)
    if done == "block":
        raise blocked(Finding("bedrock", "input", "block", ", ".join(verdict.reasons)))
    if done == "flag":
        return messages
    return (*messages[:at], msgspec.structs.replace(messages[at], text=verdict.text), *messages[at + 1 :])
