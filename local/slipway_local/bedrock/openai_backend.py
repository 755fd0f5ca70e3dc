"""Converse by any server that speaks OpenAI's chat completions: Ollama, vLLM, llama.cpp.

Source: https://platform.openai.com/docs/api-reference/chat/create, and for the errors
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from ..aws_json import JsonObject, ServiceError
from .converse import Conversation, Reply
from .tools import Tools, ToolUse, new_id

_TIMEOUT_SECONDS = 300.0  # a large model on a laptop is slow
_CHOICES = {"auto": "auto", "any": "required"}
_STOP_REASONS = {"tool_calls": "tool_use", "length": "max_tokens", "content_filter": "content_filtered"}


class OpenAiBackend:
    """The server at `url` (it ends in /v1), asked for the model `name`, or for the first one it lists.

    Raises (from reply): ServiceError: ThrottlingException for 429, ServiceUnavailableException for 5xx,
    ValidationException for 400, ModelErrorException for anything else and for a server that does not answer.
    """

    def __init__(self, url: str, *, name: str | None = None, key: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"the model URL must begin with http:// or https://: {url!r}")
        self._url = url.rstrip("/")
        self._name = name
        self._key = key

    def reply(self, conversation: Conversation) -> Reply:
        """Return the server's next turn."""
        with self._send("/chat/completions", self._request(conversation)) as response:
            return _read(_json(response, self._url), conversation)

    def stream(self, conversation: Conversation) -> Iterator[str | Reply]:
        """Yield the server's turn as it comes, and last the whole."""
        asked = self._request(conversation) | {"stream": True, "stream_options": {"include_usage": True}}
        text, end, usage = "", JsonObject(), JsonObject()
        with self._send("/chat/completions", asked) as response:
            for event in _server_sent(response, self._url):
                usage = event.get("usage") or usage
                for choice in event.get("choices") or []:
                    end = choice if choice.get("finish_reason") else end
                    piece = (choice.get("delta") or {}).get("content") or ""
                    text += piece
                    if piece:
                        yield piece
        if not end:
            raise ServiceError("ModelErrorException", f"{self._url} broke off its answer", 424)
        yield _read({"choices": [end | {"message": {"content": text}}], "usage": usage}, conversation)

    def _request(self, conversation: Conversation) -> JsonObject:
        messages = [
            {"role": role, "content": _content(text, index, conversation)}
            for index, (role, text) in enumerate(conversation.turns)
        ]
        if conversation.system:
            messages.insert(0, {"role": "system", "content": conversation.system})
        settings = {
            "max_tokens": conversation.max_tokens,
            "temperature": conversation.temperature,
            "top_p": conversation.top_p,
            "stop": list(conversation.stop_sequences) or None,
            **_tools(conversation.tools),
        }
        request = {"model": self._model(), "messages": messages, "stream": False}
        return request | {name: value for name, value in settings.items() if value is not None}

    def _model(self) -> str:
        if self._name is None:
            with self._send("/models", None) as response:
                listed = _json(response, self._url).get("data") or []
            if not listed:
                raise ServiceError("ModelErrorException", f"{self._url} lists no model; set SLIPWAY_MODEL_NAME", 424)
            self._name = str(listed[0]["id"])
        return self._name

    def _send(self, path: str, body: JsonObject | None) -> Any:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=data, headers=headers)  # noqa: S310 - checked above
        try:
            return urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)  # noqa: S310
        except urllib.error.HTTPError as error:
            raise self._translate(error) from error
        except (OSError, TimeoutError) as error:
            message = f"The model server at {self._url} cannot be reached ({error}). Is it running?"
            raise ServiceError("ModelErrorException", message, 424) from error

    def _translate(self, error: urllib.error.HTTPError) -> ServiceError:
        detail = (
            f"The model server at {self._url} answered {error.code}: {error.read()[:500].decode('utf-8', 'replace')}"
        )
        if error.code == 429:
            return ServiceError("ThrottlingException", detail, 429)
        if error.code == 400:
            return ServiceError("ValidationException", detail, 400)
        if error.code >= 500:
            return ServiceError("ServiceUnavailableException", detail, 503)
        return ServiceError("ModelErrorException", detail, 424, originalStatusCode=error.code)


def _content(text: str, turn: int, conversation: Conversation) -> str | list[JsonObject]:
    images = [
        {"type": "image_url", "image_url": {"url": f"data:image/{one.format};base64,{b64encode(one.data).decode()}"}}
        for one in conversation.pictures
        if one.turn == turn
    ]
    return [*images, *([{"type": "text", "text": text}] if text else [])] if images else text


def _tools(given: Tools) -> JsonObject:
    if not given.offered:
        return {}
    functions = [
        {"name": tool.name, "description": tool.description, "parameters": tool.schema} for tool in given.offered
    ]
    forced = {"type": "function", "function": {"name": given.forced}}
    return {
        "tools": [{"type": "function", "function": function} for function in functions],
        "tool_choice": _CHOICES.get(given.choice, forced),
    }


def _json(response: Any, url: str) -> Any:
    try:
        return json.load(response)
    except ValueError as error:
        raise ServiceError("ModelErrorException", f"{url} did not answer with JSON", 424) from error


def _server_sent(response: Any, url: str) -> Iterator[JsonObject]:
    """Yield the JSON objects of a stream of server-sent events, up to its [DONE].

    Source: https://platform.openai.com/docs/api-reference/chat-streaming
    """
    try:
        for line in response:
            if line.startswith(b"data:") and line[5:].strip() != b"[DONE]":
                yield json.loads(line[5:])
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ServiceError("ModelErrorException", f"{url} broke off its answer ({error})", 424) from error


def _read(response: Any, conversation: Conversation) -> Reply:
    try:
        choice = response["choices"][0]
        text = choice["message"].get("content") or ""
        usage = response.get("usage") or {}
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ServiceError("ModelErrorException", "The model server's answer is not a chat completion", 424) from error
    reason = _STOP_REASONS.get(choice.get("finish_reason"), "end_turn")
    tool_use = _tool_use(choice["message"].get("tool_calls"), reason)
    if tool_use and reason == "end_turn":  # a call that was asked for by name ends with "stop"
        reason = "tool_use"
    # OpenAI's schema does not tell a stop sequence from a natural end; vLLM adds which one it was.
    if choice.get("stop_reason") in conversation.stop_sequences:
        reason = "stop_sequence"
    return Reply(
        text=text,
        input_tokens=int(usage.get("prompt_tokens") or 0),
        output_tokens=int(usage.get("completion_tokens") or 0),
        stop_reason=reason,
        tool_use=tool_use,
    )


def _tool_use(calls: Any, reason: str) -> ToolUse | None:
    """Return the first call. Raises: ServiceError for arguments that are no JSON, unless they were cut off."""
    if not calls:
        return None
    name, arguments = str(calls[0]["function"]["name"]), calls[0]["function"].get("arguments") or "{}"
    try:
        return ToolUse(new_id(), name, json.loads(arguments))
    except ValueError as error:
        if reason == "max_tokens":
            return ToolUse(new_id(), name, {})
        raise ServiceError("ModelErrorException", "The model's call of a tool is no JSON", 424) from error
