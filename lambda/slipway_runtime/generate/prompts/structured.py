"""Structured output and chain of thought: the fixed parts that a prompt may ask for by a word.

Source: OpenAI API, "Structured model outputs" (strict schemas: every property required, additionalProperties false);
Wei et al. 2022, "Chain-of-Thought Prompting Elicits Reasoning in Large Language Models"
(https://arxiv.org/abs/2201.11903).
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

STEPS = (
    "First think step by step inside <thinking> tags: what is asked, what is known, what follows. "
    "Then give only the final answer inside <answer> tags."
)
TAGS = frozenset(("thinking", "answer"))
STEPS_PROPERTY = "reasoning"
ANSWER = re.compile(r"<answer>(.*?)(?:</answer>|\Z)", re.DOTALL | re.IGNORECASE)
THINKING = re.compile(r"<thinking>(.*?)(?:</thinking>|(?=<answer>)|\Z)", re.DOTALL | re.IGNORECASE)
MAX_DEPTH = 10
MAX_BYTES = 50_000


class ResponseFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The JSON schema that answers have."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    schema: dict[str, Any]
    description: Annotated[str, Meta(max_length=500)] = ""
    strict: bool = True


class Reasoned(NamedTuple):
    """An answer without its reasoning, and the reasoning."""

    answer: str
    reasoning: str


def response_format(wanted: ResponseFormat, *, steps: bool) -> dict[str, Any]:
    """Return the `response_format` of a chat completion; with `steps` the model first writes how it came there."""
    schema = with_steps(wanted.schema) if steps else wanted.schema
    described = {"description": wanted.description} if wanted.description else {}
    return {
        "type": "json_schema",
        "json_schema": {"name": wanted.name, **described, "schema": schema, "strict": wanted.strict},
    }


def with_steps(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with a first property `reasoning`: what is generated first, the rest can rest on."""
    first = {STEPS_PROPERTY: {"type": "string", "description": "How the answer follows, step by step."}}
    properties = {**first, **schema.get("properties", {})}
    return {**schema, "properties": properties, "required": [STEPS_PROPERTY, *schema.get("required", [])]}


def split(text: str) -> Reasoned:
    """Return answer and reasoning of a text that was asked for with STEPS; one without tags is all answer."""
    thought = THINKING.search(text)
    rest = text[: thought.start()] + text[thought.end() :] if thought else text
    answer = ANSWER.search(rest)
    return Reasoned((answer[1] if answer else rest).strip(), thought[1].strip() if thought else "")


def problems(wanted: ResponseFormat, *, steps: bool) -> Iterator[str]:
    """Yield what keeps a schema from being taken, with its place."""
    if len(msgspec.json.encode(wanted.schema)) > MAX_BYTES:
        yield f"the schema has more than {MAX_BYTES} bytes"
    if wanted.schema.get("type") != "object":
        yield "the schema's type must be object"
    if steps and STEPS_PROPERTY in wanted.schema.get("properties", {}):
        yield f"with reasoning the property '{STEPS_PROPERTY}' is the prompt's own"
    yield from _problems(wanted.schema, "schema", wanted.strict, 0)


def _problems(schema: Any, where: str, strict: bool, depth: int) -> Iterator[str]:
    if not isinstance(schema, dict):
        yield f"{where} must be a JSON schema object"
        return
    if depth > MAX_DEPTH:
        yield f"{where} lies deeper than {MAX_DEPTH} levels"
        return
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        yield f"{where}.properties must be an object"
        return
    if strict and schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            yield f"{where}.additionalProperties must be false in a strict schema"
        if sorted(map(str, schema.get("required", []))) != sorted(properties):
            yield f"{where}.required must name every property in a strict schema"
    for name, inner in properties.items():
        yield from _problems(inner, f"{where}.properties.{name}", strict, depth + 1)
    if "items" in schema:
        yield from _problems(schema["items"], f"{where}.items", strict, depth + 1)
    for index, inner in enumerate(schema.get("anyOf", [])):
        yield from _problems(inner, f"{where}.anyOf.{index}", strict, depth + 1)
    for name, inner in schema.get("$defs", {}).items():
        yield from _problems(inner, f"{where}.$defs.{name}", strict, depth + 1)
