"""Text models on Bedrock's Converse API, by alias.

Source: Amazon Bedrock API reference, Converse (errors, stop reasons, inferenceConfig).
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from slipway_runtime.generate.errors import ApiError, unknown_model
from slipway_runtime.operate.retry import CONNECTION_ERRORS, Backoff, Deadline, error_code, within

TRANSIENT = CONNECTION_ERRORS | {
    "InternalServerException",
    "ModelNotReadyException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "TooManyRequestsException",
}
FINISH_REASONS = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
BUSY_RETRY_SECONDS = 2


class Model(msgspec.Struct, frozen=True):
    """What an alias stands for: a Bedrock model or inference profile, and the most tokens it may write."""

    model_id: str
    max_tokens: int


class Turn(msgspec.Struct, frozen=True):
    """One message of a conversation; `role` is "user" or "assistant"."""

    role: str
    text: str


class Sampling(msgspec.Struct, frozen=True):
    """How to write: None leaves a choice to the model."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()


class Reply(msgspec.Struct, frozen=True):
    """What the model wrote; `finish_reason` in OpenAI's words; tokens as the model counted them."""

    text: str
    finish_reason: str
    input_tokens: int
    output_tokens: int


class TextModel(Protocol):
    """Anything that continues a conversation."""

    def converse(self, system: str, turns: list[Turn], sampling: Sampling, deadline: Deadline) -> Reply:
        """Return the reply."""
        ...


def resolve(models: dict[str, Model], alias: str) -> Model:
    """Return the model of an alias.

    Raises: ApiError 404 model_not_found.
    """
    if alias not in models:
        raise unknown_model(alias, list(models))
    return models[alias]


@dataclass(frozen=True, kw_only=True)
class BedrockModel:
    """One model behind Converse."""

    client: Any
    model: Model
    backoff: Backoff = field(default_factory=lambda: Backoff(base_seconds=0.3, max_attempts=6))

    def converse(self, system: str, turns: list[Turn], sampling: Sampling, deadline: Deadline) -> Reply:
        """Return the model's reply.

        Raises: ApiError 404 for a model that Bedrock does not know, 400 for a context too long, 429 when throttled
        past the deadline, 503 when unavailable, 504 when it does not answer before the deadline, 500 otherwise.
        """
        request = self._request(system, turns, sampling)
        try:
            response = self.backoff.call(
                lambda: within(lambda: self.client.converse(**request), deadline),
                retry_on=lambda error: error_code(error) in TRANSIENT,
                deadline=deadline,
            )
        except TimeoutError as error:
            message = "The model did not answer in time; try again later, or ask for fewer tokens."
            raise ApiError(504, message, code="model_timeout", retry_after_seconds=BUSY_RETRY_SECONDS) from error
        except Exception as error:
            raise self._api_error(error) from error
        text = "".join(block.get("text", "") for block in response["output"]["message"]["content"])
        usage = response.get("usage", {})
        return Reply(
            text=text,
            finish_reason=FINISH_REASONS.get(response.get("stopReason", ""), "stop"),
            input_tokens=usage.get("inputTokens", 0),
            output_tokens=usage.get("outputTokens", 0),
        )

    def _request(self, system: str, turns: list[Turn], sampling: Sampling) -> dict[str, Any]:
        limit = min(sampling.max_tokens or self.model.max_tokens, self.model.max_tokens)
        inference: dict[str, Any] = {"maxTokens": limit}
        if sampling.temperature is not None:
            inference["temperature"] = sampling.temperature
        if sampling.top_p is not None:
            inference["topP"] = sampling.top_p
        if sampling.stop:
            inference["stopSequences"] = list(sampling.stop)
        messages = [{"role": turn.role, "content": [{"text": turn.text}]} for turn in turns]
        return {
            "modelId": self.model.model_id,
            "system": [{"text": system}],
            "messages": messages,
            "inferenceConfig": inference,
        }

    def _api_error(self, error: Exception) -> ApiError:
        code, text = error_code(error), str(error).lower()
        if code in ("ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException"):
            message = "The model is at its rate limit; try again later."
            return ApiError(429, message, code="rate_limit_exceeded", retry_after_seconds=BUSY_RETRY_SECONDS)
        if code == "ResourceNotFoundException" or (code == "ValidationException" and "model identifier" in text):
            message = (
                f"The model id '{self.model.model_id}' of this alias does not exist in Bedrock; correct the settings."
            )
            return ApiError(404, message, code="model_not_found", param="model")
        if code == "ValidationException" and ("too long" in text or "too many" in text or "maximum" in text):
            message = "The messages are longer than the model's context; send fewer or shorter ones."
            return ApiError(400, message, code="context_length_exceeded", param="messages")
        if code == "AccessDeniedException":
            message = "The gateway may not use this model; enable it in Bedrock for this account and region."
            return ApiError(500, message, code="model_access_denied")
        if code in TRANSIENT or code == "ModelTimeoutException":
            message = "The model is not available at the moment; try again later."
            return ApiError(503, message, code="model_unavailable", retry_after_seconds=BUSY_RETRY_SECONDS)
        return ApiError(500, f"The model did not answer: {code}.", code="model_error")
