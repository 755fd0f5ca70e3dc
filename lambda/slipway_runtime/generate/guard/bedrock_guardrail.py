"""The stack's guardrail of Bedrock: contents, topics, words, personal data and grounding, by ApplyGuardrail.

Source: Amazon Bedrock API reference, ApplyGuardrail; Amazon Bedrock user guide, "Use the ApplyGuardrail API", "Use
contextual grounding check" (grounding_source and query up to 100,000 and 1,000 characters).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.guard.visible import failed

MAX_QUERY, MAX_SOURCE = 1_000, 100_000
LISTS = (
    ("topicPolicy", "topics", "name"),
    ("contentPolicy", "filters", "type"),
    ("wordPolicy", "customWords", "match"),
    ("wordPolicy", "managedWordLists", "type"),
    ("sensitiveInformationPolicy", "piiEntities", "type"),
    ("sensitiveInformationPolicy", "regexes", "name"),
    ("contextualGroundingPolicy", "filters", "type"),
)


class Verdict(NamedTuple):
    """What the guardrail says: reasons, whether one of them blocks, and the text with what it masks."""

    reasons: list[str]
    blocks: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class BedrockGuardrail:
    """A version of a guardrail; `client` is boto3's of bedrock-runtime."""

    client: Any
    identifier: str
    version: str

    def check(self, source: Literal["INPUT", "OUTPUT"], text: str, sources: str = "", query: str = "") -> Verdict:
        """Return the verdict on a text; with `sources` also whether it rests on them. Raises: ApiError 503."""
        content: list[dict[str, Any]] = [{"text": {"text": text}}]
        if sources:
            content = [
                {"text": {"text": sources[:MAX_SOURCE], "qualifiers": ["grounding_source"]}},
                {"text": {"text": query[:MAX_QUERY], "qualifiers": ["query"]}},
                {"text": {"text": text, "qualifiers": ["guard_content"]}},
            ]
        try:
            answer = self.client.apply_guardrail(
                guardrailIdentifier=self.identifier, guardrailVersion=self.version, source=source, content=content
            )
            return _verdict(answer, text)
        except Exception as error:
            failed("the guardrail could not be asked", error)
            message = "The guardrail cannot be asked now. Try again."
            raise ApiError(503, message, code="guardrail_unavailable") from error


def _verdict(answer: dict[str, Any], text: str) -> Verdict:
    """Return what an answer says. Raises: KeyError, IndexError for one that is not as documented."""
    if answer["action"] != "GUARDRAIL_INTERVENED":
        return Verdict([], blocks=False, text=text)
    found = [each for assessment in answer["assessments"] for each in _interventions(assessment)]
    masked = answer["outputs"][0]["text"] if answer.get("outputs") else text
    # An intervention that says nothing of itself stops the text too.
    blocks = not found or any(action != "ANONYMIZED" for _, action in found)
    return Verdict([reason for reason, _ in found] or ["guardrail"], blocks=blocks, text=masked)


def _interventions(assessment: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for policy, name, label in LISTS:
        for each in assessment.get(policy, {}).get(name, []):
            if each.get("action", "NONE") != "NONE":
                # What a word list matched is the text itself, and is not told.
                yield "word" if label == "match" else f"{each.get(label, name)}", each["action"]
