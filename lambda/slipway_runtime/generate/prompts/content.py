"""What a prompt's version holds, and whether it can work: checked once, when it is made."""

import itertools
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.generate.prompts import structured, template, values
from slipway_runtime.generate.prompts.names import NUMBER, reference
from slipway_runtime.generate.prompts.structured import ResponseFormat
from slipway_runtime.generate.prompts.values import Variable

MAX_BYTES = 300_000  # DynamoDB takes 400 KB an item; the rest of the row is small
VARIABLE = r"^[a-z][a-z0-9_]{0,63}$"


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message; its content is a template."""

    role: Literal["system", "user", "assistant"]
    content: Annotated[str, Meta(min_length=1, max_length=100_000)]


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the model writes; None leaves it to the alias."""

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(gt=0, le=1)] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=200_000)] | None = None
    stop: Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=4)] = []


class Examples(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Examples before the last user message, as turns of their own.

    `set`: one version of an example set, like `tone@2`. `query`: the variable that `similar` compares with.
    `max_tokens`: of all examples together, as estimated.
    """

    set: str
    select: Literal["first", "similar"] = "first"
    count: Annotated[int, Meta(ge=1, le=50)] = 3
    max_tokens: Annotated[int, Meta(ge=1, le=100_000)] = 1000
    query: str = ""


class Prompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The content of one version. `model`: an alias of the gateway, or "" to leave it to the request.

    `reasoning: steps` asks for thinking before the answer.
    """

    messages: Annotated[list[Message], Meta(min_length=1, max_length=50)]
    variables: dict[Annotated[str, Meta(pattern=VARIABLE)], Variable] = {}
    model: Annotated[str, Meta(pattern=r"^([a-zA-Z0-9][a-zA-Z0-9._-]{0,63})?$")] = ""
    parameters: Parameters = Parameters()
    response_format: ResponseFormat | None = None
    examples: Examples | None = None
    reasoning: Literal["none", "steps"] = "none"

    @property
    def tags(self) -> frozenset[str]:
        """Return the tags that the templates write, which no value can close or open."""
        own = template.tags(message.content for message in self.messages)
        return own | structured.TAGS if self.reasoning == "steps" else own


def encoded(prompt: Prompt) -> str:
    """Return the one JSON text of a content: the same content gives the same text."""
    return msgspec.json.encode(prompt, order="sorted").decode()


def check(prompt: Prompt) -> None:
    """Raises: ApiError 400 naming the field, for a prompt that could never be rendered."""
    for problem in itertools.chain(_turns(prompt), _places(prompt), _variables(prompt), _examples(prompt)):
        raise problem
    if wanted := prompt.response_format:
        for text in structured.problems(wanted, steps=prompt.reasoning == "steps"):
            raise invalid(f"The response format cannot be used: {text}.", "response_format.schema")
    if len(encoded(prompt).encode()) > MAX_BYTES:
        raise invalid(f"The prompt has more than {MAX_BYTES} bytes.", "prompt")


def _turns(prompt: Prompt) -> Iterator[ApiError]:
    roles = [message.role for message in prompt.messages]
    talk = roles[roles.count("system") :]
    if "system" in talk:
        yield invalid("System messages come first.", "messages")
    elif talk and (talk[-1] != "user" or talk != ["user", "assistant"] * (len(talk) // 2) + ["user"]):
        yield invalid("After the system messages, user and assistant take turns, from user to user.", "messages")


def _places(prompt: Prompt) -> Iterator[ApiError]:
    used = {prompt.examples.query} if prompt.examples else set()
    for index, message in enumerate(prompt.messages):
        param = f"messages.{index}.content"
        try:
            names = template.names(message.content)
        except template.TemplateError as error:
            yield invalid(f"Message {index} cannot be read, {error}.", param)
            continue
        used |= names
        for name in sorted(names - set(prompt.variables)):
            yield invalid(f"Message {index} uses the variable '{name}', which is not declared.", param)
        for name in sorted(names & set(prompt.variables)):
            variable = prompt.variables[name]
            if message.role == "system" and variable.is_free and not variable.trusted:
                yield invalid(
                    f"The variable '{name}' may be any text and stands in a system message, where a user's words would "
                    "be instructions: move it to a user message, or declare it trusted if only your application "
                    "sets it.",
                    f"variables.{name}",
                )
    for name in sorted(set(prompt.variables) - used):
        yield invalid(f"The variable '{name}' is declared and used in no message.", f"variables.{name}")


def _variables(prompt: Prompt) -> Iterator[ApiError]:
    for name, variable in prompt.variables.items():
        if (variable.type == "enum") != bool(variable.choices) and variable.type != "list":
            yield invalid(f"The variable '{name}': choices are for enum, which needs some, and list.", _param(name))
        if variable.default is None:
            continue
        try:
            values.text(variable, variable.default)
        except values.WrongValue as error:
            yield invalid(f"The default of the variable '{name}' must be {error}.", f"{_param(name)}.default")


def _examples(prompt: Prompt) -> Iterator[ApiError]:
    if (use := prompt.examples) is None:
        return
    if not NUMBER.fullmatch(reference(use.set, "examples.set").at):
        yield invalid(
            "Examples name one version of a set, like tone@2, so that a version never changes.", "examples.set"
        )
    if prompt.messages[-1].role != "user":
        yield invalid("Examples go before the last user message; this prompt has none.", "examples")
    query = prompt.variables.get(use.query)
    if use.select == "similar" and (query is None or query.type != "string"):
        yield invalid("Examples by similarity need a string variable to compare with.", "examples.query")
    if use.select == "first" and use.query:
        yield invalid("Only examples by similarity have a query.", "examples.query")


def _param(name: str) -> str:
    return f"variables.{name}"
