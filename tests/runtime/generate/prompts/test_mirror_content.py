"""What a version is in Bedrock Prompt Management, or why it cannot be there.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_PromptVariant.html
"""

from typing import Any

import msgspec
import pytest

from slipway_runtime.generate.prompts import content, mirror_content
from slipway_runtime.generate.prompts.content import Prompt
from slipway_runtime.generate.prompts.example_sets import Example
from slipway_runtime.generate.prompts.mirror_content import NotMirrored
from slipway_runtime.generate.prompts.structured import STEPS

pytestmark = pytest.mark.capability("P1")


def prompt(*messages: tuple[str, str], **more: Any) -> Prompt:
    listed = [{"role": role, "content": text} for role, text in messages]
    made = msgspec.convert({"messages": listed, **more}, Prompt)
    content.check(made)
    return made


ASK = ("user", "Name the tone of {{ text }}")


def test_one_user_message_is_a_text_template() -> None:
    made = mirror_content.variant(prompt(ASK, variables={"text": {}}), [], {"slipway-tenant": "acme"})
    assert made == {
        "name": "default",
        "templateType": "TEXT",
        "templateConfiguration": {"text": {"text": "Name the tone of {{text}}", "inputVariables": [{"name": "text"}]}},
        "metadata": [{"key": "slipway-tenant", "value": "acme"}],
    }


def test_everything_else_is_a_chat_template_with_examples_as_turns() -> None:
    parameters = {"temperature": 0.2, "top_p": 0.9, "max_tokens": 50, "stop": ["END"]}
    examples = {"set": "tone@1", "count": 1}
    whole = prompt(
        ("system", "Be kind"), ASK, variables={"text": {}}, parameters=parameters, examples=examples, model="fast"
    )
    made = mirror_content.variant(whole, [Example("Hey", "casual")], {})
    talk = [("user", "Hey"), ("assistant", "casual"), ("user", "Name the tone of {{text}}")]
    assert made["templateConfiguration"]["chat"] == {
        "system": [{"text": "Be kind"}],
        "messages": [{"role": role, "content": [{"text": text}]} for role, text in talk],
        "inputVariables": [{"name": "text"}],
    }
    assert made["inferenceConfiguration"] == {
        "text": {"temperature": 0.2, "topP": 0.9, "maxTokens": 50, "stopSequences": ["END"]}
    }
    assert made["metadata"] == [{"key": "slipway-model", "value": "fast"}]


def test_steps_are_written_out_as_the_gateway_would_send_them() -> None:
    made = mirror_content.variant(prompt(ASK, variables={"text": {}}, reasoning="steps"), [], {})
    assert made["templateConfiguration"]["chat"]["system"] == [{"text": STEPS}]


SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
MANY = {f"v{at}": {} for at in range(21)}


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        (prompt(("system", "Be kind")), "system messages only"),
        (prompt(ASK, variables={"text": {}}, response_format={"name": "x", "schema": SCHEMA}), "response format"),
        (
            prompt(ASK, variables={"text": {}}, examples={"set": "a@1", "select": "similar", "query": "text"}),
            "chosen by what is asked",
        ),
        (prompt(("user", "x"), parameters={"temperature": 1.5}), "temperature is 1.5"),
        (prompt(("user", "".join(f"{{{{{name}}}}}" for name in MANY)), variables=MANY), "21 variables"),
        (prompt(("user", "{{a__b}}"), variables={"a__b": {}}), "'a__b'"),
        (prompt(("user", r"write \{{name}}")), "writes '{{'"),
    ],
)
def test_what_bedrock_cannot_say_is_refused_with_the_reason(refused: Prompt, why: str) -> None:
    with pytest.raises(NotMirrored, match=why.replace("{", r"\{")):
        mirror_content.variant(refused, [], {})


def test_an_example_that_looks_like_a_template_is_refused() -> None:
    whole = prompt(ASK, variables={"text": {}}, examples={"set": "tone@1"})
    with pytest.raises(NotMirrored, match="an example"):
        mirror_content.variant(whole, [Example("{{text}}", "x")], {})
