"""Tools and images in Converse: what is refused, how the stand-in fills a schema, and translation to OpenAI's words.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/tool-use-inference-call.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html
"""

from __future__ import annotations

import base64
import json
import struct
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.shapes import check_answer

pytestmark = pytest.mark.capability("O14")
NOVA, LLAMA, MICRO = "amazon.nova-lite-v1:0", "meta.llama3-3-70b-instruct-v1:0", "amazon.nova-micro-v1:0"
TEXT = (
    '<document index="1"><document_content>The pump moves 40 litres of water in a minute. '
    "Its filter is cleaned by the night shift on Mondays.</document_content></document> Make two of it."
)
FIELDS = {"question": {"type": "string"}, "answer": {"type": "string"}, "evidence": {"type": "string"}}
ITEM = {"type": "object", "properties": FIELDS, "required": list(FIELDS)}
LIST = {"items": {"type": "array", "maxItems": 2, "items": ITEM}}
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 4, 4)


def spec(properties: dict[str, Any], name: str = "record", **schema: Any) -> dict[str, Any]:
    json_schema = {"type": "object", "properties": properties, **schema}
    return {"toolSpec": {"name": name, "inputSchema": {"json": json_schema}}}


def ask(client: Any, properties: dict[str, Any], *, model: str = NOVA, text: str = TEXT, **more: Any) -> Any:
    config = {"tools": [spec(properties)], "toolChoice": {"tool": {"name": "record"}}}
    messages = [{"role": "user", "content": [{"text": text}]}]
    return client.converse(modelId=model, messages=messages, toolConfig=config, **more)


def test_a_forced_tool_is_called_with_what_the_text_holds(bedrock: Any) -> None:
    response = ask(bedrock, LIST)
    (block,) = response["output"]["message"]["content"]
    made = block["toolUse"]["input"]["items"]

    assert response["stopReason"] == "tool_use"
    assert block["toolUse"]["name"] == "record"
    assert block["toolUse"]["toolUseId"].startswith("tooluse_")
    assert [item["evidence"] for item in made] == [
        "The pump moves 40 litres of water in a minute.",
        "Its filter is cleaned by the night shift on Mondays.",
    ]
    assert made[0]["question"] == "What does the text say about pump, moves, 40, litres?"
    assert response["usage"]["outputTokens"] > 10


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer"}, 40),
        ({"type": "number"}, 40),
        ({"type": "string", "enum": ["cooking", "water pumps", "law"]}, "water pumps"),
        ({"const": 7}, 7),
        ({"type": "string", "maxLength": 8}, "The pump"),
        ({"type": "object", "properties": {"quote": {"type": "string"}}},
         {"quote": "The pump moves 40 litres of water in a minute."}),
    ],
)  # fmt: skip
def test_fields_are_filled_by_their_schema_and_by_no_name_of_ours(bedrock: Any, schema: Any, expected: Any) -> None:
    made = ask(bedrock, {"anything": schema})["output"]["message"]["content"][0]["toolUse"]["input"]
    assert made == {"anything": expected}


@pytest.mark.parametrize("schema", [{"type": "boolean"}, {"anyOf": []}, {"type": "string", "pattern": "x"}, {}])
def test_what_sentences_cannot_decide_is_refused_by_name(bedrock: Any, schema: Any) -> None:
    with pytest.raises(ClientError, match=r"'anything' of its schema needs .*SLIPWAY_MODEL_URL"):
        ask(bedrock, {"anything": schema})


def test_a_question_is_in_the_language_of_the_text(bedrock: Any) -> None:
    german = "Die Presse in der Halle wird von der Frühschicht geölt und das Öl ist im Schrank."
    made = ask(bedrock, FIELDS, text=german)["output"]["message"]["content"][0]["toolUse"]["input"]
    assert made["question"].startswith("Was sagt der Text über Presse")


def test_a_text_without_sentences_and_an_answer_that_is_cut_off(bedrock: Any) -> None:
    assert ask(bedrock, LIST, text="pump")["stopReason"] == "end_turn"
    cut = ask(bedrock, LIST, inferenceConfig={"maxTokens": 5})
    assert cut["stopReason"] == "max_tokens"
    assert cut["output"]["message"]["content"][0]["toolUse"]["input"] == {}


def test_auto_leaves_it_to_the_model_and_any_takes_the_first(bedrock: Any) -> None:
    messages = [{"role": "user", "content": [{"text": TEXT}]}]
    tools = [spec(FIELDS, "first"), spec(FIELDS, "second")]
    free = bedrock.converse(modelId=LLAMA, messages=messages, toolConfig={"tools": tools})
    any_tool = bedrock.converse(
        modelId=LLAMA, messages=messages, toolConfig={"tools": tools, "toolChoice": {"any": {}}}
    )

    assert free["stopReason"] == "end_turn"
    assert any_tool["output"]["message"]["content"][0]["toolUse"]["name"] == "first"


@pytest.mark.parametrize(
    ("config", "model", "words"),
    [
        ({"tools": [spec({}, "no name")]}, NOVA, "regular expression pattern"),
        ({"tools": [spec({}), spec({})]}, NOVA, "Tool names must be unique"),
        ({"tools": [spec({}, type="array")]}, NOVA, "inputSchema.json.type must be one of the following: object"),
        ({"tools": [spec({})], "toolChoice": {"tool": {"name": "other"}}}, NOVA, "is not among toolConfig.tools"),
        ({"tools": [spec({})], "toolChoice": {"tool": {"name": "record"}}}, LLAMA, "toolChoice.tool and try again"),
    ],
)
def test_what_bedrock_refuses_is_refused(bedrock: Any, config: Any, model: str, words: str) -> None:
    messages = [{"role": "user", "content": [{"text": "hi"}]}]
    with pytest.raises(ClientError, match=words) as error:
        bedrock.converse(modelId=model, messages=messages, toolConfig=config)
    assert error.value.response["Error"]["Code"] == "ValidationException"


def picture(data: bytes, kind: str = "png") -> dict[str, Any]:
    return {"image": {"format": kind, "source": {"bytes": data}}}


@pytest.mark.parametrize(
    ("messages", "model", "words"),
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html
    [
        ([("user", [picture(PNG)])], NOVA, "understands text only, no images.*SLIPWAY_MODEL_URL"),
        ([("user", [picture(PNG)])], MICRO, "doesn't support the image content block"),
        ([("user", [picture(b"no picture")])], NOVA, "Could not process image"),
        ([("user", [picture(PNG, "gif")])], NOVA, "Could not process image"),
        ([("user", [picture(PNG + b"x" * 3_750_000)])], NOVA, "more than 3750000"),
        ([("user", [picture(PNG[:16] + struct.pack(">II", 4, 8001))])], NOVA, "more than 8000 x 8000"),
        ([("user", [picture(PNG)] * 21)], NOVA, "at most 20 images"),
        ([("user", [{"text": "hi"}]), ("assistant", [picture(PNG)])], NOVA, "role user only"),
    ],
)
def test_images_that_are_refused(bedrock: Any, messages: Any, model: str, words: str) -> None:
    turns = [{"role": role, "content": content} for role, content in messages]
    with pytest.raises(ClientError, match=words):
        bedrock.converse(modelId=model, messages=turns)


def test_the_answer_has_the_members_of_its_shape(bedrock: Any) -> None:
    body = {
        "messages": [{"role": "user", "content": [{"text": TEXT}]}],
        "toolConfig": {"tools": [spec(LIST)], "toolChoice": {"any": {}}},
    }
    url = f"{bedrock.meta.endpoint_url}/model/{NOVA}/converse"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode())) as response:
        check_answer("bedrock-runtime", "Converse", json.load(response))


def call(arguments: str, finish: str) -> dict[str, Any]:
    function = {"name": "record", "arguments": arguments}
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c", "type": "function", "function": function}],
    }
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": {"prompt_tokens": 3}}


@pytest.mark.parametrize(
    ("arguments", "finish", "reason", "given"),
    [('{"a": 1}', "tool_calls", "tool_use", {"a": 1}), ('{"a": 1}', "stop", "tool_use", {"a": 1}),
     ('{"a": ', "length", "max_tokens", {})],
)  # fmt: skip
def test_a_tool_and_an_image_go_to_the_server_and_its_call_comes_back(
    model: Any, through: Any, arguments: str, finish: str, reason: str, given: Any
) -> None:
    # https://platform.openai.com/docs/guides/function-calling, https://platform.openai.com/docs/guides/images-vision
    handler, _ = model
    handler.answer = (200, call(arguments, finish))
    messages = [{"role": "user", "content": [picture(PNG), {"text": "What is it?"}]}]
    config = {"tools": [spec(FIELDS)], "toolChoice": {"tool": {"name": "record"}}}
    response = through.converse(modelId=NOVA, messages=messages, toolConfig=config)
    asked = handler.asked[-1][1]

    assert response["stopReason"] == reason
    assert response["output"]["message"]["content"][0]["toolUse"]["input"] == given
    assert asked["tool_choice"] == {"type": "function", "function": {"name": "record"}}
    assert asked["tools"][0]["function"]["parameters"]["properties"] == FIELDS
    image, text = asked["messages"][0]["content"]
    assert image["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert text == {"type": "text", "text": "What is it?"}


def test_arguments_that_are_no_json_are_the_models_error(model: Any, through: Any) -> None:
    model[0].answer = (200, call("{nonsense", "tool_calls"))
    with pytest.raises(ClientError, match="is no JSON") as error:
        ask(through, FIELDS)
    assert error.value.response["Error"]["Code"] == "ModelErrorException"
