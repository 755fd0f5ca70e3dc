"""A policy: what each detector does with what it finds. The environment has one; a tenant may differ in some of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from slipway_runtime.prepare.redact.span import Kind

if TYPE_CHECKING:
    from slipway_runtime.retrieve.stores.contract import Hit

GUARD = "guard"  # the field of `slipway` in an answer
Action = Literal["off", "flag", "redact", "block"]
Stage = Literal["input", "output", "documents"]


class Finding(msgspec.Struct, frozen=True):
    """What a detector found where, and what was done about it; never the text itself."""

    detector: str
    stage: Stage
    action: Action
    reason: str
    score: float = 1.0


class Screened(NamedTuple):
    """The chunks that may be shown to the model, and what was found in all of them."""

    hits: list[Hit]
    findings: list[Finding]

    @classmethod
    def all_of(cls, _tenant: str, hits: list[Hit]) -> Screened:
        """Return all chunks: what screens where there is no guard."""
        return cls(hits, [])


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One detector: what to do on the way in and on the way out; `threshold`: the least score that counts, 0 to 1."""

    input: Action = "off"
    output: Action = "off"
    threshold: float = 0.5


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every detector's rule. `documents` leaves chunks out (redact) or flags them; `topics`: name, phrases.

    `canary` and `echo` are leakage of the system prompt; `bedrock` is the stack's guardrail of Bedrock.
    """

    injection: Rule = Rule(input="flag", threshold=0.5)
    documents: Rule = Rule(input="redact", threshold=0.9)
    canary: Rule = Rule(output="block")
    echo: Rule = Rule(output="flag")
    personal_data: Rule = Rule(input="off", output="flag")
    denied_topics: Rule = Rule(input="block", output="block")
    toxicity: Rule = Rule(input="flag", output="flag")
    bedrock: Rule = Rule()
    personal_kinds: tuple[Kind, ...] = ("email", "phone", "card", "iban", "ssn", "aws_key", "secret")
    topics: dict[str, tuple[str, ...]] = {}
    version: str = ""


def read(text: str | bytes) -> Policy:
    """Return the policy that a JSON text describes. Raises: msgspec.DecodeError, which names what is wrong."""
    return msgspec.json.decode(text, type=Policy)


def merged(base: Policy, text: str | bytes) -> Policy:
    """Return the policy with a tenant's differences, rule by rule and field by field. Raises: msgspec.DecodeError."""
    whole: dict[str, Any] = msgspec.to_builtins(base)
    for name, value in msgspec.json.decode(text, type=dict[str, Any]).items():
        before = whole.get(name)
        whole[name] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    return msgspec.convert(whole, Policy)
