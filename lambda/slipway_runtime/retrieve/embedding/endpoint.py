"""An endpoint of Hugging Face's Text Embeddings Inference (TEI), on SageMaker or at an address of its own.

Both take {"inputs", "truncate", "normalize"} and give a list of vectors; SageMaker's container at /invocations.
Source: TEI's documentation, "API" and "CLI arguments" (--max-client-batch-size); SageMaker runtime API reference,
"InvokeEndpoint" (ModelError carries the container's status).
"""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.retry import CONNECTION_ERRORS, error_code
from slipway_runtime.retrieve.embedding.model import Embedded, Limits, Purpose
from slipway_runtime.retrieve.tokens.choose import TokenizerName, tokenizer
from slipway_runtime.retrieve.tokens.tokenizer import Tokenizer

Post = Callable[[bytes], bytes]
# InvokeEndpoint takes 6 MB. Source: SageMaker runtime API reference.
REQUEST_BYTES = 4_000_000
TIMEOUT_SECONDS = 60.0
# TEI answers 429 where its queue is full; the others are those of what stands before it.
BUSY = frozenset({408, 429, 500, 502, 503, 504})
TRANSIENT = CONNECTION_ERRORS | {
    *("InternalFailure", "InternalDependencyException", "ModelNotReadyException"),
    *("ServiceUnavailable", "ServiceUnavailableException", "ThrottlingException", "TooManyRequestsException"),
    *("URLError", "TimeoutError", "ConnectionResetError", "RemoteDisconnected", "IncompleteRead"),
}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A model behind `post`. Units: `max_tokens` of one text, `batch` texts a request.

    The prefixes stand before each text, as models of the E5 family want it.
    """

    post: Post
    model_id: str
    dimensions: int
    max_tokens: int
    batch: int
    tokenizer_name: TokenizerName = "estimate"
    document_prefix: str = ""
    query_prefix: str = ""

    @property
    def limits(self) -> Limits:
        """What one request takes."""
        prefix = max(map(self.tokenizer.count, (self.document_prefix, self.query_prefix)))
        tokens = self.max_tokens - prefix
        return Limits(texts=self.batch, request_bytes=REQUEST_BYTES, characters=50_000, tokens=tokens)

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's own, where it is known."""
        return tokenizer(self.tokenizer_name)

    def invoke(self, texts: list[str], purpose: Purpose) -> Embedded:
        """Return the texts' vectors. Raises: the errors of the service."""
        prefix = self.document_prefix if purpose == "document" else self.query_prefix
        request = {"inputs": [prefix + text for text in texts], "truncate": True, "normalize": True}
        vectors: list[list[float]] = json.loads(self.post(json.dumps(request).encode()))
        return Embedded(vectors=vectors)

    def shorten(self, text: str) -> str:
        """Return the text: TEI itself cuts what is too long."""
        return text

    def code(self, error: Exception) -> str:
        """Return the container's status, as in "ModelError 429" and "HTTP 429", else the service's code."""
        status = _status(error)
        if isinstance(error, urllib.error.HTTPError):
            return f"HTTP {status}"
        return f"{error_code(error)} {status}" if status else error_code(error)

    def is_transient(self, error: Exception) -> bool:
        """Return whether the endpoint, or the way to it, is busy or broken for now."""
        return _status(error) in BUSY or (not _status(error) and error_code(error) in TRANSIENT)


def _status(error: Exception) -> int:
    if isinstance(error, urllib.error.HTTPError):
        return error.code
    response = getattr(error, "response", None)
    return int(response.get("OriginalStatusCode", 0)) if isinstance(response, dict) else 0


def sagemaker(client: Any, name: str) -> Post:
    """Return how to ask an endpoint of SageMaker; `client` is boto3's `sagemaker-runtime`."""

    def post(body: bytes) -> bytes:
        response = client.invoke_endpoint(
            EndpointName=name, Body=body, ContentType="application/json", Accept="application/json"
        )
        answer: bytes = response["Body"].read()
        return answer

    return post


def address(url: str) -> Post:
    """Return how to ask a server of its own at `url`, like https://embed.example.com. Its route is /embed."""
    if not url.startswith(("https://", "http://")):
        raise ValueError("the address of an embedding endpoint begins with https:// or http://")

    def post(body: bytes) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked
            f"{url.rstrip('/')}/embed", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
            answer: bytes = response.read()
        return answer

    return post
