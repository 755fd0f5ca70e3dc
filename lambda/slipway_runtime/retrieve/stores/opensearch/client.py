"""Signed requests to one collection of OpenSearch Serverless, tried again while it throttles or lets nobody in yet.

The service wants the body's hash as a header and no content-length among the signed headers; botocore's signer leaves
that to the connection. A new data access policy takes up to minutes to be in force, and answers 403 until then.
Source: Amazon OpenSearch Service developer guide, "Ingesting data into Amazon OpenSearch Serverless collections"
(Signing HTTP requests); "Data access control for Amazon OpenSearch Serverless".
"""

import functools
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session

from slipway_runtime.operate.clients import session
from slipway_runtime.operate.retry import CONNECTION_ERRORS, Backoff, Deadline, error_code, within
from slipway_runtime.retrieve.stores.contract import StoreUnavailable
from slipway_runtime.retrieve.stores.opensearch.index import NAME

T = TypeVar("T")
SERVICE = "aoss"
CONNECT_SECONDS = 5.0
# A collection that scaled to zero answers its first request after 10 to 30 seconds.
READ_SECONDS = 60.0
# Nothing was done: the request was turned away, or no connection came about.
NOT_DONE = frozenset((403, 429))
NOT_CONNECTED = frozenset(("ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError"))
MAYBE_DONE = frozenset((500, 502, 503, 504))


class RequestFailed(Exception):  # noqa: N818 - says what is wrong
    """An answer that is an error. `kind` is OpenSearch's name of it."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(f"{status} {kind}: {reason:.300}")
        self.status = status
        self.kind = kind
        self.reason = reason


class Uncertain(StoreUnavailable):
    """The answer to a write was lost: it may have been done or not."""


@functools.cache
def http() -> URLLib3Session:
    """Return the connections of this process."""
    timeout: Any = (CONNECT_SECONDS, READ_SECONDS)  # the stubs know only one number
    return URLLib3Session(timeout=timeout, max_pool_connections=16)


@dataclass(frozen=True, kw_only=True)
class Collection:
    """One collection, and the index in it that is meant. Credentials come from the environment.

    `endpoint`: its address without a trailing slash.
    """

    endpoint: str
    region: str
    index: str = NAME
    backoff: Backoff = field(default_factory=lambda: Backoff(base_seconds=0.2))

    def ask(self, method: str, path: str, body: Any = None, *, deadline: Deadline) -> dict[str, Any]:
        """Return the answer to a request that may be repeated.

        Raises: StoreUnavailable if there is none before the deadline, RequestFailed for an error that stays.
        """
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        return self._retry(lambda: self._send(method, path, content, "application/json"), is_transient, deadline)

    def bulk(self, path: str, lines: bytes, *, deadline: Deadline) -> dict[str, Any]:
        """Return the answer to a bulk write, which is repeated only where nothing was done.

        Raises: Uncertain if its answer was lost, StoreUnavailable, RequestFailed.
        """
        try:
            return self._retry(lambda: self._send("POST", path, lines, "application/x-ndjson"), was_not_done, deadline)
        except (RequestFailed, HTTPClientError, TimeoutError) as error:
            if is_transient(error):
                raise Uncertain(f"a write to the collection had no answer: {_name(error)}") from error
            raise

    def _retry(self, operation: Callable[[], T], again: Callable[[Exception], bool], deadline: Deadline) -> T:
        try:
            return self.backoff.call(
                lambda: within(operation, deadline, least_seconds=1.0), retry_on=again, deadline=deadline
            )
        except Exception as error:
            if again(error):
                raise StoreUnavailable(f"the collection did not answer in time: {_name(error)}") from error
            raise

    def _send(self, method: str, path: str, content: bytes, content_type: str) -> dict[str, Any]:
        headers = {"X-Amz-Content-SHA256": hashlib.sha256(content).hexdigest()}
        if content:
            headers["Content-Type"] = content_type
        request = AWSRequest(method=method, url=f"{self.endpoint}/{path}", data=content, headers=headers)
        SigV4Auth(session().get_credentials().get_frozen_credentials(), SERVICE, self.region).add_auth(request)
        response = http().send(request.prepare())
        if response.status_code >= 300:
            raise _failure(response.status_code, response.content)
        return dict(json.loads(response.content or b"{}"))


def is_transient(error: Exception) -> bool:
    """Return whether the same request may succeed later."""
    if isinstance(error, RequestFailed):
        return error.status in NOT_DONE | MAYBE_DONE
    return isinstance(error, TimeoutError) or error_code(error) in CONNECTION_ERRORS


def was_not_done(error: Exception) -> bool:
    """Return whether the request certainly changed nothing, and may succeed later."""
    if isinstance(error, RequestFailed):
        return error.status in NOT_DONE
    return error_code(error) in NOT_CONNECTED


def _name(error: Exception) -> str:
    return str(error) if isinstance(error, RequestFailed) else error_code(error)


def _failure(status: int, content: bytes) -> RequestFailed:
    try:
        error = json.loads(content)["error"]
    except (ValueError, LookupError, TypeError):
        return RequestFailed(status, "", content[:300].decode(errors="replace"))
    if isinstance(error, dict):
        return RequestFailed(status, str(error.get("type", "")), str(error.get("reason", "")))
    return RequestFailed(status, "", str(error))
