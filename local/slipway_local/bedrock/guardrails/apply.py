"""A guardrail at work: ApplyGuardrail, and around a conversation.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ApplyGuardrail.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-converse-api.html
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...aws_json import JsonObject, validation_error
from ..converse import Conversation, Passage, Reply
from .assess import Findings, assess, not_assessed

if TYPE_CHECKING:
    from ..embedder import Embedder

_UNIT_CHARACTERS = 1000  # a text unit: https://aws.amazon.com/bedrock/pricing/
_REASONS = {"BLOCKED": "Guardrail blocked.", "ANONYMIZED": "Guardrail masked.", "NONE": "No action."}


def apply(guardrail: JsonObject, body: JsonObject, embedder: Embedder) -> JsonObject:
    """Return ApplyGuardrail's answer. Raises: ServiceError for what Bedrock refuses and for images."""
    source = body.get("source")
    if source not in ("INPUT", "OUTPUT"):
        raise validation_error("Value at 'source' failed to satisfy constraint: [INPUT, OUTPUT]")
    passages = [_passage(block) for block in body.get("content") or []]
    if not passages:
        raise validation_error("Value at 'content' failed to satisfy constraint: Member must not be empty")
    began = time.monotonic()
    findings = assess(guardrail, passages, source, embedder, full=body.get("outputScope") == "FULL")
    blocked = {"INPUT": "blockedInputMessaging", "OUTPUT": "blockedOutputsMessaging"}[source]
    texts = {"BLOCKED": [guardrail[blocked]], "ANONYMIZED": findings.texts, "NONE": []}[findings.action]
    metrics = _metrics(guardrail, passages, began)
    return {
        "usage": metrics["usage"],
        "action": "NONE" if findings.action == "NONE" else "GUARDRAIL_INTERVENED",
        "actionReason": _reason(guardrail, findings),
        "outputs": [{"text": text} for text in texts],
        "assessments": [findings.assessment | {"invocationMetrics": metrics}],
        "guardrailCoverage": metrics["guardrailCoverage"],
    }


class Guard:
    """One guardrail around one call of Converse."""

    def __init__(self, guardrail: JsonObject, config: JsonObject, embedder: Embedder) -> None:
        self._guardrail = guardrail
        self._embedder = embedder
        self._traced = config.get("trace") in ("enabled", "enabled_full")
        self._trace: JsonObject = {}

    @property
    def trace(self) -> JsonObject | None:
        """What the answer tells of the guardrail, if the request asked for it."""
        return {"guardrail": self._trace} if self._traced else None

    def before(self, conversation: Conversation) -> Conversation | Reply:
        """Return the conversation with what is masked, or the reply of a model that was never asked."""
        passages = conversation.guarded or tuple(Passage(text) for _, text in conversation.turns)
        findings, assessment = self._assess(passages, "INPUT")
        self._trace["inputAssessment"] = {self._guardrail["guardrailId"]: assessment}
        self._trace["actionReason"] = _reason(self._guardrail, findings)
        if findings.action == "BLOCKED":
            return _blocked(self._guardrail["blockedInputMessaging"], 0, 0)
        guarded = [passage.text for passage in passages if passage.is_guarded]
        turns = conversation.turns
        for old, new in zip(guarded, findings.texts, strict=True):
            turns = tuple((role, text.replace(old, new)) for role, text in turns)
        return replace(conversation, turns=turns)

    def after(self, conversation: Conversation, reply: Reply) -> Reply:
        """Return the reply, masked or replaced."""
        context = [passage for passage in conversation.guarded if not passage.is_guarded or len(passage.qualifiers) > 1]
        known = [Passage(one.text, one.qualifiers - {"guard_content"}) for one in context]
        findings, assessment = self._assess([*known, Passage(reply.text)], "OUTPUT")
        self._trace["outputAssessments"] = {self._guardrail["guardrailId"]: [assessment]}
        if findings.action == "NONE":
            return reply
        self._trace |= {"modelOutput": [reply.text], "actionReason": _reason(self._guardrail, findings)}
        if findings.action == "BLOCKED":
            return _blocked(self._guardrail["blockedOutputsMessaging"], reply.input_tokens, reply.output_tokens)
        return replace(reply, text=findings.texts[0], stop_reason="guardrail_intervened")

    def _assess(self, passages: Sequence[Passage], source: str) -> tuple[Findings, JsonObject]:
        began = time.monotonic()
        findings = assess(self._guardrail, passages, source, self._embedder)
        return findings, findings.assessment | {"invocationMetrics": _metrics(self._guardrail, passages, began)}


def _blocked(text: str, input_tokens: int, output_tokens: int) -> Reply:
    return Reply(text=text, input_tokens=input_tokens, output_tokens=output_tokens, stop_reason="guardrail_intervened")


def _passage(block: JsonObject) -> Passage:
    text = block.get("text")
    if set(block) != {"text"} or not isinstance(text, dict) or not isinstance(text.get("text"), str):
        raise validation_error("The local Bedrock guards text only.")
    return Passage(text["text"], frozenset(text.get("qualifiers") or ()))


def _reason(guardrail: JsonObject, findings: Findings) -> str:
    missing = ", ".join(not_assessed(guardrail))
    return _REASONS[findings.action] + (f" Not assessed by the local cloud: {missing}." if missing else "")


def _metrics(guardrail: JsonObject, passages: Sequence[Passage], began: float) -> JsonObject:
    guarded = sum(len(passage.text) for passage in passages if passage.is_guarded)
    total = sum(len(passage.text) for passage in passages)
    units = math.ceil(guarded / _UNIT_CHARACTERS)
    personal = guardrail.get("sensitiveInformationPolicy", {})
    grounding = math.ceil(total / _UNIT_CHARACTERS) if any(one.qualifiers for one in passages) else 0
    usage = {
        "topicPolicyUnits": units if guardrail.get("topicPolicy") else 0,
        "contentPolicyUnits": 0,  # not assessed
        "wordPolicyUnits": units if guardrail.get("wordPolicy") else 0,
        "sensitiveInformationPolicyUnits": units if personal.get("piiEntities") else 0,
        "sensitiveInformationPolicyFreeUnits": units if personal.get("regexes") else 0,
        "contextualGroundingPolicyUnits": grounding if guardrail.get("contextualGroundingPolicy") else 0,
    }
    coverage = {"textCharacters": {"guarded": guarded, "total": total}}
    elapsed = round((time.monotonic() - began) * 1000)
    return {"guardrailProcessingLatency": elapsed, "usage": usage, "guardrailCoverage": coverage}
