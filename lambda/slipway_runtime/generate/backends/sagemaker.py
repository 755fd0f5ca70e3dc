"""Models on SageMaker endpoints, whose containers speak OpenAI's chat completions or LMI's and TGI's generate.

Source: Amazon SageMaker API reference, InvokeEndpoint and InvokeEndpointWithResponseStream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from slipway_runtime.generate.backends import lmi_schema, openai_schema, protocol
from slipway_runtime.generate.backends.lines import lines
from slipway_runtime.generate.backends.protocol import BackendError
from slipway_runtime.generate.conversation import ModelRequest
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.events import Event
from slipway_runtime.operate.retry import CONNECTION_ERRORS, error_code

BUSY = (424, 500, 502, 503, 504)
ASLEEP = "no capacity to process this request"
STREAM_ERRORS = ("ModelStreamError", "InternalStreamFailure")


@dataclass(frozen=True, kw_only=True)
class SageMaker:
    """One endpoint, or one inference component of it; `client` is boto3's `sagemaker-runtime`."""

    client: Any
    endpoint: str
    schema: Literal["openai", "lmi"] = "openai"
    component: str = ""
    prompt_format: str = "chatml"
    extra: dict[str, Any] = field(default_factory=dict)

    def refuses(self, request: ModelRequest) -> ApiError | None:
        """Return why the schema of the container has no words for the request."""
        return lmi_schema.refusal(request) if self.schema == "lmi" else None

    def stream(self, request: ModelRequest) -> Iterator[Event]:
        """Yield the answer's events. Raises: BackendError."""
        asked = {
            "EndpointName": self.endpoint,
            "ContentType": "application/json",
            "Body": self._body(request),
            **({"InferenceComponentName": self.component} if self.component else {}),
        }
        try:
            if request.streamed:
                stream = self.client.invoke_endpoint_with_response_stream(**asked)["Body"]
                found = lines(_payloads(stream))
                openai = self.schema == "openai"
                yield from openai_schema.events_of_stream(found) if openai else lmi_schema.events_of_stream(found)
            else:
                answer: bytes = self.client.invoke_endpoint(**asked)["Body"].read()
                yield from openai_schema.events_of(answer) if self.schema == "openai" else lmi_schema.events_of(answer)
        except (BackendError, GeneratorExit):
            raise
        except Exception as error:
            raise self._error(error) from error

    def _body(self, request: ModelRequest) -> bytes:
        if self.schema == "openai":
            return openai_schema.body("", request, self.extra)
        return lmi_schema.body(request, self.prompt_format, self.extra)

    def _error(self, error: Exception) -> BackendError:  # noqa: PLR0911 - one line for each kind
        code = error_code(error)
        status = int(getattr(error, "response", {}).get("OriginalStatusCode") or 0)
        text = str(error).lower()
        if code == "ThrottlingException" or status == 429:
            return protocol.throttled()
        if code == "ModelError" and status in (400, 413, 422):
            if "context" in text or "too long" in text or "tokens" in text:
                return protocol.too_long()
            return BackendError(400, "The model of this alias refuses the request as it is.", code="refused_by_model")
        if code == "ValidationError":
            # An inference component that has been scaled to zero; the request wakes it.
            return protocol.unavailable() if ASLEEP in text else protocol.unknown(self.endpoint)
        if code in ("AccessDeniedException", "AccessDenied"):
            return protocol.denied()
        down = code in ("ServiceUnavailable", "ModelNotReadyException", "InternalFailure", *STREAM_ERRORS)
        if down or status in BUSY or code in CONNECTION_ERRORS:
            return protocol.unavailable()
        return protocol.failed(code)


def _payloads(stream: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for event in stream:
        if "PayloadPart" in event:
            yield event["PayloadPart"]["Bytes"]
        elif any(name in event for name in STREAM_ERRORS):
            raise protocol.unavailable()
