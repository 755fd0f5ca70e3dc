"""What the models of Amazon Bedrock have in common: the call, and its errors.

Source: Amazon Bedrock API reference, "InvokeModel".
"""

import json
from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.retry import CONNECTION_ERRORS, error_code
from slipway_runtime.retrieve.tokens.choose import tokenizer
from slipway_runtime.retrieve.tokens.tokenizer import Tokenizer

TRANSIENT = CONNECTION_ERRORS | {
    "InternalServerException",
    "ModelNotReadyException",
    "ModelTimeoutException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "TooManyRequestsException",
}
COUNT_HEADER = "x-amzn-bedrock-input-token-count"


@dataclass(frozen=True, kw_only=True)
class BedrockModel:
    """A model called by `client`, boto3's `bedrock-runtime`. Bedrock publishes no tokenizer of its embedding models."""

    client: Any
    model_id: str
    dimensions: int

    @property
    def tokenizer(self) -> Tokenizer:
        """The estimate."""
        return tokenizer("estimate")

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], int | None]:
        """Return the model's answer and the tokens that Bedrock counted, where it says so."""
        response = self.client.invoke_model(
            modelId=self.model_id, body=json.dumps(request), accept="application/json", contentType="application/json"
        )
        counted = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(COUNT_HEADER)
        answer: dict[str, Any] = json.loads(response["body"].read())
        return answer, int(counted) if counted else None

    def shorten(self, text: str) -> str:
        """Return the text: the model itself cuts what is too long."""
        return text

    def code(self, error: Exception) -> str:
        """Return the service's error code."""
        return error_code(error)

    def is_transient(self, error: Exception) -> bool:
        """Return whether Bedrock, or the way to it, is busy or broken for now."""
        return error_code(error) in TRANSIENT
