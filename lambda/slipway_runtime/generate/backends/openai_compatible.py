"""Any server that speaks OpenAI's chat completions: OpenAI itself, vLLM, Ollama, llama.cpp, another gateway.

Source: OpenAI API reference, "Create chat completion", "Error codes".
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import urllib3  # botocore has loaded it already

from slipway_runtime.generate.backends import openai_schema, protocol
from slipway_runtime.generate.backends.lines import lines
from slipway_runtime.generate.backends.protocol import BackendError
from slipway_runtime.generate.conversation import ModelRequest
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.events import Event

MAX_ANSWER_BYTES = 8 * 1024 * 1024
CONNECT_SECONDS = 5.0
READ_SECONDS = 900.0  # of a whole answer, the longest that an exchange may take; the router ends it before
BUSY = (408, 409, 500, 502, 503, 529)


def no_key() -> str:
    """Return no key: servers of one's own may need none."""
    return ""


@functools.cache
def _pool() -> urllib3.PoolManager:
    """Return the connections of this process, which are kept from request to request."""
    return urllib3.PoolManager(maxsize=16, retries=False)


@dataclass(frozen=True, kw_only=True)
class OpenAiCompatible:
    """The model `model` of a server whose API begins at `url`, which ends in /v1; `key` returns its bearer key."""

    url: str
    model: str
    key: Callable[[], str] = no_key
    extra: dict[str, Any] = field(default_factory=dict)

    def refuses(self, request: ModelRequest) -> ApiError | None:  # noqa: ARG002 - the server says so itself
        """Return None: all of OpenAI's words are passed on."""
        return None

    def stream(self, request: ModelRequest) -> Iterator[Event]:
        """Yield the answer's events. Raises: BackendError."""
        response = self._post(openai_schema.body(self.model, request, self.extra))
        finished = False
        try:
            if response.status != 200:
                raise self._error(response.status, response.read(64 * 1024))
            if request.streamed:
                yield from openai_schema.events_of_stream(lines(response.stream(64 * 1024)))
            else:
                yield from openai_schema.events_of(response.read(MAX_ANSWER_BYTES))
            finished = True
        except urllib3.exceptions.HTTPError as error:
            raise protocol.cut() from error
        finally:
            # A connection in the middle of an answer cannot serve another request.
            response.drain_conn() if finished else response.close()

    def _post(self, body: bytes) -> Any:
        headers = {"content-type": "application/json"}
        if key := self.key():
            headers["authorization"] = f"Bearer {key}"
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        address = f"{self.url.rstrip('/')}/chat/completions"
        try:
            return _pool().request(
                "POST", address, body=body, headers=headers, timeout=timeout, preload_content=False, redirect=False
            )
        except urllib3.exceptions.NewConnectionError as error:  # for urllib3 a time-out too
            raise protocol.unavailable() from error
        except urllib3.exceptions.TimeoutError as error:
            raise protocol.too_slow() from error
        except urllib3.exceptions.HTTPError as error:
            raise protocol.unavailable() from error

    def _error(self, status: int, body: bytes) -> BackendError:  # noqa: PLR0911 - one line for each kind
        if status == 429:
            return protocol.throttled()
        if status in BUSY:
            return protocol.unavailable()
        if status in (401, 403):
            return protocol.denied()
        if status == 404:
            return protocol.unknown(self.model)
        if status in (400, 413, 422):
            if b"context" in body.lower():
                return protocol.too_long()
            message = "The model of this alias refuses the request as it is."
            return BackendError(400, message, code="refused_by_model")
        return protocol.failed(f"HTTP {status}")
