"""A version of the catalogue as a variant of Bedrock Prompt Management, or why it cannot be one.

What is said must be what the gateway would send: a prompt that needs more than Bedrock's templates can say is refused,
for the mirror alone. Types, bounds and defaults of variables stay in the catalogue: Bedrock knows names only.
Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_PromptVariant.html
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from slipway_runtime.generate.prompts import rendering, template
from slipway_runtime.generate.prompts.content import Message, Parameters, Prompt
from slipway_runtime.generate.prompts.example_sets import Example

VARIANT = "default"
MAX_VARIABLES = 20
MAX_TEMPERATURE = 1.0
NAME = re.compile(r"(?:[0-9a-zA-Z][_-]?){1,100}")
METADATA = re.compile(r"[a-zA-Z0-9\s._:/=+@-]{0,1024}")


class NotMirrored(Exception):  # noqa: N818 - not a fault: the catalogue can say more than Bedrock
    """A version that Bedrock cannot hold; the text says why."""


def variant(prompt: Prompt, examples: Sequence[Example], origin: dict[str, str]) -> dict[str, Any]:
    """Return the variant: a text template for one user message alone, else a chat template.

    `origin`: where it comes from, kept as metadata. Raises: NotMirrored.
    """
    for problem in (*_problems(prompt), *_example_problems(examples)):
        raise NotMirrored(problem)
    filled = {name: f"{{{{{name}}}}}" for name in prompt.variables}
    made = rendering.messages(prompt, filled, list(examples))
    used = {name for each in prompt.messages for name in template.names(each.content)}
    variables = [{"name": name} for name in sorted(used)]
    alone = len(made) == 1 and made[0].role == "user"
    kind, configuration = ("TEXT", {"text": made[0].content}) if alone else ("CHAT", _chat(made))
    inference = _inference(prompt.parameters)
    known = {**origin, **({"slipway-model": prompt.model} if prompt.model else {})}
    return {
        "name": VARIANT,
        "templateType": kind,
        "templateConfiguration": {kind.lower(): {**configuration, "inputVariables": variables}},
        **({"inferenceConfiguration": {"text": inference}} if inference else {}),
        "metadata": [{"key": key, "value": value} for key, value in known.items() if METADATA.fullmatch(value)],
    }


def _chat(made: Sequence[Message]) -> dict[str, Any]:
    system = [{"text": each.content} for each in made if each.role == "system"]
    talk = [{"role": each.role, "content": [{"text": each.content}]} for each in made if each.role != "system"]
    return {**({"system": system} if system else {}), "messages": talk}


def _inference(parameters: Parameters) -> dict[str, Any]:
    given = {
        "temperature": parameters.temperature,
        "topP": parameters.top_p,
        "maxTokens": parameters.max_tokens,
        "stopSequences": parameters.stop or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _problems(prompt: Prompt) -> Iterator[str]:
    if all(each.role == "system" for each in prompt.messages):
        yield "it has system messages only, and a chat template of Bedrock needs another one"
    if prompt.response_format is not None:
        yield "it asks for a response format, for which Bedrock's prompts have no place"
    if prompt.examples is not None and prompt.examples.select == "similar":
        yield "its examples are chosen by what is asked, and Bedrock's prompts are fixed"
    if (temperature := prompt.parameters.temperature) is not None and temperature > MAX_TEMPERATURE:
        yield f"its temperature is {temperature:g}, and Bedrock's prompts take {MAX_TEMPERATURE:g} at most"
    if len(prompt.variables) > MAX_VARIABLES:
        yield f"it has {len(prompt.variables)} variables, and Bedrock's prompts take {MAX_VARIABLES} at most"
    for name in sorted(prompt.variables):
        if not NAME.fullmatch(name):
            yield f"Bedrock takes no variable '{name}': one '_' at a time"
    if any("{{" in piece for each in prompt.messages for piece in template.parse(each.content) if _is_text(piece)):
        yield "it writes '{{' as text, which Bedrock would read as a variable"


def _example_problems(examples: Sequence[Example]) -> Iterator[str]:
    if any("{{" in text for each in examples for text in (each.input, each.output)):
        yield "an example has '{{' in it, which Bedrock would read as a variable"


def _is_text(piece: str | template.Place) -> bool:
    return isinstance(piece, str)
