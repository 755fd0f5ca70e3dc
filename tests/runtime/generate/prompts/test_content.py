"""What a version may hold, and what its variables take."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.prompts import content, rendering, structured, values
from slipway_runtime.generate.prompts.content import Prompt
from slipway_runtime.generate.prompts.example_sets import Example
from slipway_runtime.generate.prompts.values import Variable

USER = {"role": "user", "content": "Summarise {{text}}"}
TEXT = {"text": {"type": "string", "max_length": 100}}
ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.lists(st.text(max_size=5), max_size=4),
)


def prompt(**fields: Any) -> Prompt:
    return msgspec.convert({"messages": [USER], "variables": TEXT, **fields}, Prompt)


def refused(param: str, **fields: Any) -> str:
    with pytest.raises(ApiError) as raised:
        content.check(prompt(**fields))
    assert (raised.value.status, raised.value.param) == (400, param)
    return raised.value.message


@pytest.mark.capability("P1")
@pytest.mark.parametrize(
    ("variable", "good", "bad"),
    [
        ({"type": "string", "max_length": 3}, {"abc": "abc", "": ""}, ["abcd", 1, True, ["a"]]),
        ({"type": "integer", "minimum": 1, "maximum": 5}, {3: "3"}, [0, 6, 3.0, True, "3"]),
        ({"type": "number", "maximum": 0}, {-0.5: "-0.5", 0: "0"}, [1, float("nan"), float("-inf"), False, "0"]),
        ({"type": "boolean"}, {True: "true", False: "false"}, [0, 1, "true"]),
        ({"type": "enum", "choices": ["a", "b"]}, {"a": "a"}, ["c", "A", 1]),
        ({"type": "list", "max_items": 2, "max_length": 9}, {("x", "y\n- z"): "- x\n- y - z"}, ["x", ["a"] * 3, [1]]),
        ({"type": "list", "choices": ["a", "b"]}, {("b",): "- b"}, [["c"]]),
    ],
)
def test_a_variable_takes_its_type_and_nothing_else(variable: Any, good: dict[Any, str], bad: list[Any]) -> None:
    declared = msgspec.convert(variable, Variable)
    assert {given: values.text(declared, given) for given in good} == good
    for value in bad:
        with pytest.raises(ApiError) as raised:
            values.texts({"it": declared}, {"it": value})
        assert raised.value.param == "variables.it"
        assert "'it' must be " in raised.value.message


@pytest.mark.capability("P1")
def test_an_unknown_or_a_missing_variable_is_named() -> None:
    with pytest.raises(ApiError, match="no variable 'txet'; it has: text") as raised:
        values.texts(prompt().variables, {"txet": "x"})
    assert raised.value.param == "variables.txet"
    with pytest.raises(ApiError, match="'text' is missing") as raised:
        values.texts(prompt().variables, {})
    assert raised.value.code == "missing_required_parameter"
    optional = {"a": Variable(required=False), "b": Variable(type="integer", default=7)}
    assert values.texts(optional, {}) == {"a": "", "b": "7"}


@pytest.mark.capability("P1")
@given(st.sampled_from(["string", "integer", "number", "boolean", "enum", "list"]), ANY)
def test_any_value_is_a_text_or_an_error_that_does_not_repeat_it(kind: Any, value: Any) -> None:
    variable = Variable(type=kind, choices=["zq1"] if kind == "enum" else [])
    try:
        assert isinstance(values.texts({"it": variable}, {"it": value})["it"], str)
    except ApiError as error:
        assert error.param == "variables.it"


@pytest.mark.capability("P1")
def test_a_users_words_do_not_stand_among_the_instructions() -> None:
    system = {"role": "system", "content": "You are {{who}}."}
    message = refused("variables.who", messages=[system, USER], variables={**TEXT, "who": {}})
    assert "declare it trusted" in message
    for variable in ({"trusted": True}, {"type": "enum", "choices": ["kind"]}, {"type": "integer"}):
        content.check(prompt(messages=[system, USER], variables={**TEXT, "who": variable}))


@pytest.mark.capability("P1")
def test_a_prompt_that_could_not_be_rendered_is_refused_by_field() -> None:
    refused("messages.0.content", variables={})
    refused("variables.spare", variables={**TEXT, "spare": {}})
    refused("messages.0.content", messages=[{"role": "user", "content": "{{text"}])
    refused("messages", messages=[USER, {"role": "system", "content": "x"}])
    refused("messages", messages=[USER, {"role": "assistant", "content": "x"}])
    refused("messages", messages=[USER, USER])
    refused("variables.text.default", variables={"text": {"type": "integer", "default": "x"}})
    refused("variables.text", variables={"text": {"type": "enum"}})
    refused("examples.set", examples={"set": "tone@latest"})
    refused("examples.query", examples={"set": "tone@1", "select": "similar", "query": "nothing"})


@pytest.mark.capability("P2")
def test_a_strict_schema_is_checked_and_passed_on() -> None:
    inner = {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]}
    schema = {"type": "object", "properties": {"a": inner}, "required": ["a"], "additionalProperties": False}
    shape = {"name": "found", "schema": schema}
    assert "schema.properties.a.additionalProperties" in refused("response_format.schema", response_format=shape)
    inner["additionalProperties"] = False  # type: ignore[assignment]
    made = prompt(response_format=shape, reasoning="steps")
    content.check(made)
    asked = rendering.parameters(made)["response_format"]
    assert asked["type"] == "json_schema"
    assert asked["json_schema"]["strict"] is True
    # The model writes properties in the schema's order, so that the reasoning comes before what rests on it.
    assert list(asked["json_schema"]["schema"]["properties"]) == ["reasoning", "a"]
    assert asked["json_schema"]["schema"]["required"] == ["reasoning", "a"]
    refused("response_format.schema", response_format={"name": "x", "schema": {"type": "array"}})


@pytest.mark.capability("P2")
def test_steps_are_asked_for_after_the_instructions_and_taken_out_of_the_answer() -> None:
    system = {"role": "system", "content": "Be brief."}
    for messages in ([USER], [system, USER]):
        made = rendering.messages(prompt(messages=messages, reasoning="steps"), {"text": "t"}, [])
        assert [each.role for each in made] == ["system", "user"]
        assert made[0].content.endswith(structured.STEPS)
    assert prompt(reasoning="steps").tags == {"thinking", "answer"}
    assert structured.split("<thinking>2 + 2</thinking>\n<answer> 4 </answer>") == ("4", "2 + 2")
    assert structured.split("<thinking>cut off") == ("", "cut off")
    assert structured.split("<thinking>so</thinking> 4") == ("4", "so")
    assert structured.split("just 4") == ("just 4", "")


@pytest.mark.capability("P2")
def test_examples_are_turns_before_the_last_and_no_templates() -> None:
    made = rendering.messages(prompt(), {"text": "t"}, [Example("in {{text}}", "out")])

    assert [(each.role, each.content) for each in made] == [
        ("user", "in {{text}}"),
        ("assistant", "out"),
        ("user", "Summarise t"),
    ]
