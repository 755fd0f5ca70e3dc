"""Models on Bedrock: Converse for whole answers, ConverseStream for parts.

Source: Amazon Bedrock API reference, Converse and ConverseStream (errors, stop reasons, inferenceConfig, toolConfig).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from slipway_runtime.generate.backends import protocol
from slipway_runtime.generate.backends.bedrock_request import JSON_TOOL, converse_request, refusal
from slipway_runtime.generate.backends.protocol import BackendError
from slipway_runtime.generate.conversation import ModelRequest
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.events import Event, Finish, TextDelta, ToolCallDelta, Usage
from slipway_runtime.operate.retry import CONNECTION_ERRORS, error_code

TRANSIENT = CONNECTION_ERRORS | {
    "InternalServerException",
    "ModelNotReadyException",
    "ModelStreamErrorException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "TooManyRequestsException",
}
MAX_CALLS = 1_000
FINISH_REASONS = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "tool_use": "tool_calls",
}


@dataclass(frozen=True, kw_only=True)
class Bedrock:
    """One model, by its id or inference profile; `client` is boto3's `bedrock-runtime`."""

    client: Any
    model_id: str
    extra: dict[str, Any] = field(default_factory=dict)

    def refuses(self, request: ModelRequest) -> ApiError | None:
        """Return why Converse has no means for the request."""
        return refusal(request)

    def stream(self, request: ModelRequest) -> Iterator[Event]:
        """Yield the answer's events. Raises: BackendError."""
        asked = converse_request(self.model_id, request, self.extra)
        # Converse has no word for it: of several calls the first is the answer, and the model asks again.
        most = MAX_CALLS if request.parallel_tool_calls else 1
        try:
            if request.streamed:
                yield from _events(self.client.converse_stream(**asked)["stream"], most)
            else:
                yield from _events(_as_stream(self.client.converse(**asked)), most)
        except (BackendError, GeneratorExit):
            raise
        except (KeyError, TypeError) as error:
            raise protocol.malformed(type(error).__name__) from error
        except Exception as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> BackendError:  # noqa: PLR0911 - one line for each kind
        code, text = error_code(error), str(error).lower()
        code = code[:1].upper() + code[1:]  # in a stream the names of exceptions begin small
        if code in ("ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException"):
            return protocol.throttled()
        if code == "ResourceNotFoundException" or (code == "ValidationException" and "model identifier" in text):
            return protocol.unknown(self.model_id)
        if code == "ValidationException" and ("too long" in text or "too many" in text or "maximum" in text):
            return protocol.too_long()
        if code == "ValidationException" and "tool" in text:
            message = "The model of this alias refuses these tools, or to be made to call one."
            return BackendError(400, message, code="unsupported_value", param="tools")
        if code == "AccessDeniedException":
            return protocol.denied()
        if code in TRANSIENT or code in ("ModelTimeoutException", "ModelErrorException"):
            return protocol.unavailable(transient=code in TRANSIENT)
        return protocol.failed(code)


def _as_stream(response: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a whole answer as the events that it would have come in."""
    for index, block in enumerate(response["output"]["message"]["content"]):
        if use := block.get("toolUse"):
            start = {"toolUseId": use["toolUseId"], "name": use["name"]}
            yield {"contentBlockStart": {"contentBlockIndex": index, "start": {"toolUse": start}}}
            delta: dict[str, Any] = {"toolUse": {"input": msgspec.json.encode(use.get("input") or {}).decode()}}
        else:
            delta = {"text": block.get("text", "")}
        yield {"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}}
    yield {"messageStop": {"stopReason": response.get("stopReason", "")}}
    yield {"metadata": {"usage": response.get("usage", {})}}


def _events(stream: Iterable[dict[str, Any]], most_calls: int) -> Iterator[Event]:
    calls: dict[int, int] = {}  # block index -> number of the call; -1 is the answer itself, asked for as JSON
    reason = ""
    for event in stream:
        if start := event.get("contentBlockStart"):
            if use := start.get("start", {}).get("toolUse"):
                if use["name"] == JSON_TOOL:
                    calls[start["contentBlockIndex"]] = -1
                    continue
                number = calls[start["contentBlockIndex"]] = sum(call >= 0 for call in calls.values())
                if number < most_calls:
                    yield ToolCallDelta(number, use["toolUseId"], use["name"])
        elif change := event.get("contentBlockDelta"):
            delta = change["delta"]
            if text := delta.get("text"):
                yield TextDelta(text)
            elif use := delta.get("toolUse"):
                number = calls[change["contentBlockIndex"]]
                if number < most_calls:
                    yield TextDelta(use["input"]) if number < 0 else ToolCallDelta(number, arguments=use["input"])
        elif stop := event.get("messageStop"):
            reason = FINISH_REASONS.get(stop.get("stopReason", ""), "stop")
            yield Finish("stop" if reason == "tool_calls" and -1 in calls.values() else reason)
        elif metadata := event.get("metadata"):
            usage = metadata.get("usage", {})
            yield Usage(usage.get("inputTokens", 0), usage.get("outputTokens", 0))
    if not reason:
        raise protocol.cut()
