"""A request as Converse takes it.

Converse has no JSON mode that every model knows; a tool that must be called makes any model that calls tools write
JSON of a schema, and its input is the answer. Source: Amazon Bedrock API reference, Converse, "ToolChoice".
"""

from __future__ import annotations

from typing import Any

import msgspec

from slipway_runtime.generate.backends import protocol
from slipway_runtime.generate.backends.protocol import unsupported
from slipway_runtime.generate.conversation import Message, ModelRequest
from slipway_runtime.generate.errors import ApiError, invalid

JSON_TOOL = "write_answer"
CHOICES = {"auto": "auto", "required": "any"}


def refusal(request: ModelRequest) -> ApiError | None:
    """Return why Converse cannot serve a request, None if it can."""
    if request.sampling.seed is not None:
        return unsupported("'seed', which Bedrock does not have", "seed")
    if name := next(iter(request.sampling.more), ""):
        return unsupported(f"'{name}', which Converse does not have; a route's 'extra' may hold the model's own", name)
    if request.tool_choice == "none" and request.asks_for_tools:
        return unsupported("tool_choice 'none' together with tools, which Bedrock does not have", "tool_choice")
    if request.format and request.asks_for_tools:
        return unsupported("'response_format' together with tools", "response_format")
    if request.format and (request.format.schema or {}).get("type", "object") != "object":
        return unsupported("a schema whose root is not an object", "response_format")
    return protocol.named_user(request)


def converse_request(model_id: str, request: ModelRequest, extra: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of Converse or ConverseStream. Raises: ApiError 400 for arguments that are no JSON."""
    asked: dict[str, Any] = {
        "modelId": model_id,
        "messages": _turns(request.messages),
        "inferenceConfig": _inference(request),
    }
    system = [{"text": message.text} for message in request.messages if message.role == "system" and message.text]
    if system:
        asked["system"] = system
    if tools := _tools(request):
        asked["toolConfig"] = tools
    if extra:
        asked["additionalModelRequestFields"] = extra
    return asked


def _inference(request: ModelRequest) -> dict[str, Any]:
    sampling = request.sampling
    inference: dict[str, Any] = {"maxTokens": sampling.max_tokens}
    if sampling.temperature is not None:
        inference["temperature"] = min(1.0, sampling.temperature)  # OpenAI's ends at 2, Bedrock's at 1
    if sampling.top_p is not None:
        inference["topP"] = sampling.top_p
    if sampling.stop:
        inference["stopSequences"] = list(sampling.stop)
    return {name: value for name, value in inference.items() if value is not None}


def _turns(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    """Return the messages, which must begin with the user's and alternate; results of tools are the user's."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        role, content = "assistant" if message.role == "assistant" else "user", _content(message)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += content
        elif content and (turns or role == "user"):
            turns.append({"role": role, "content": content})
    return turns


def _content(message: Message) -> list[dict[str, Any]]:
    if message.tool_call_id:
        result = {"toolUseId": message.tool_call_id, "content": [{"text": message.text or "(nothing)"}]}
        return [{"toolResult": result}]
    content: list[dict[str, Any]] = [{"text": message.text}] if message.text else []
    for call in message.tool_calls:
        content.append({"toolUse": {"toolUseId": call.id, "name": call.name, "input": _input(call.arguments)}})
    return content


def _input(arguments: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(arguments or "{}", type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise invalid("The arguments of a tool call must be a JSON object.", "messages.tool_calls") from error


def _tools(request: ModelRequest) -> dict[str, Any] | None:
    if request.format:
        schema = request.format.schema or {"type": "object"}
        spec = {"name": JSON_TOOL, "description": "Write the answer.", "inputSchema": {"json": schema}}
        return {"tools": [{"toolSpec": spec}], "toolChoice": {"tool": {"name": JSON_TOOL}}}
    if not request.tools:
        return None
    tools = []
    for tool in request.tools:
        spec = {"name": tool.name, "inputSchema": {"json": tool.parameters or {"type": "object", "properties": {}}}}
        tools.append({"toolSpec": spec | ({"description": tool.description} if tool.description else {})})
    choice = {"tool": {"name": request.forced}} if request.forced else {CHOICES[request.tool_choice]: {}}
    return {"tools": tools, "toolChoice": choice}
