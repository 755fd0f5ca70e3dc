"""The settings of the guard: what each detector does with what it finds, and Bedrock's guardrail."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from stacks.settings_section import Section

Action = Literal["off", "flag", "redact", "block"]
Sharp = Literal["off", "flag", "block"]
Strength = Literal["NONE", "LOW", "MEDIUM", "HIGH"]
PersonalKind = Literal["email", "phone", "card", "iban", "ssn", "ip", "aws_key", "secret"]
Phrase = Annotated[str, Field(min_length=2, max_length=200)]
# Contents that Bedrock judges. Source: Bedrock API reference, GuardrailContentFilterConfig (attacks on input only).
HARM = ("SEXUAL", "VIOLENCE", "HATE", "INSULTS", "MISCONDUCT")


class BedrockTopic(Section):
    """A topic that Bedrock recognises by its description."""

    name: str = Field(pattern=r"^[0-9a-zA-Z-_ !?.]{1,100}$", description="Name of the topic.")
    definition: str = Field(min_length=1, max_length=200, description="What belongs to it.")
    examples: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        default_factory=list, max_length=5, description="Questions that belong to it."
    )


class BedrockGuardrails(Section):
    """A guardrail of Bedrock: $0.15 for 1,000 text units of 1,000 characters with contents or topics; idle, nothing."""

    enabled: bool = Field(False, description="Make a guardrail, and ask it by ApplyGuardrail.")
    input: Action = Field("block", description="What is done with what it finds in a request.")
    output: Action = Field("block", description="What is done with what it finds in an answer.")
    strength: Strength = Field("MEDIUM", description="How strict it is with hate, insults, sex, violence, misconduct.")
    attacks: Strength = Field("HIGH", description="How strict it is with attacks on the prompt.")
    topics: list[BedrockTopic] = Field(default_factory=list, max_length=30, description="Topics that are denied.")
    grounding: float = Field(
        0, ge=0, le=0.99, description="Least score of an answer from documents, 0 to 0.99; 0: answers are not scored."
    )


class Guardrails(Section):
    """What is looked for in requests, documents and answers. The local detectors cost nothing."""

    enabled: bool = Field(True, description="Guard chat completions.")
    injection: Sharp = Field("flag", description="Requests that attack the prompt or want a jailbreak.")
    injection_threshold: float = Field(0.5, gt=0, le=1, description="Least score of such a request, 0 to 1.")
    documents: Literal["off", "flag", "redact"] = Field(
        "redact", description="Retrieved chunks that instruct the model; `redact` leaves them out."
    )
    documents_threshold: float = Field(0.9, gt=0, le=1, description="Least score of such a chunk, 0 to 1.")
    canary: Sharp = Field("block", description="Answers that hold the mark of the system prompt.")
    echo: Action = Field("flag", description="Answers that repeat twelve words in a row of the system prompt.")
    personal_data_input: Action = Field("off", description="Personal data in requests.")
    personal_data_output: Action = Field("flag", description="Personal data in answers.")
    personal_kinds: list[PersonalKind] = Field(
        ["email", "phone", "card", "iban", "ssn", "aws_key", "secret"],
        description="Which personal data, and secrets.",
    )
    topics: dict[str, list[Phrase]] = Field(
        default_factory=dict, description="Denied topics: a name, and the phrases that tell it."
    )
    topics_input: Sharp = Field("block", description="Denied topics in requests.")
    topics_output: Action = Field("block", description="Denied topics in answers.")
    toxicity: Action = Field("flag", description="Threats and insults, by a small English list; see also `bedrock`.")
    bedrock: BedrockGuardrails = Field(default_factory=BedrockGuardrails, description="A guardrail of Bedrock.")


def policy_document(settings: Guardrails) -> str:
    """Return the policy of the environment as the runtime reads it."""
    bedrock = settings.bedrock
    policy: dict[str, Any] = {
        "injection": {"input": settings.injection, "threshold": settings.injection_threshold},
        "documents": {"input": settings.documents, "threshold": settings.documents_threshold},
        "canary": {"output": settings.canary},
        "echo": {"output": settings.echo},
        "personal_data": {"input": settings.personal_data_input, "output": settings.personal_data_output},
        "denied_topics": {"input": settings.topics_input, "output": settings.topics_output},
        "toxicity": {"input": settings.toxicity, "output": settings.toxicity},
        "bedrock": {"input": bedrock.input, "output": bedrock.output} if bedrock.enabled else {},
        "personal_kinds": settings.personal_kinds,
        "topics": settings.topics,
    }
    return json.dumps(policy, separators=(",", ":"), sort_keys=True)
