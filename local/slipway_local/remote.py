"""Asking a running local cloud for something, over its paths under /_slipway."""

import http
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class LocalCloudError(RuntimeError):
    """The local cloud could not be started, deployed to or stopped; the message says why and what to do."""


class RefusedRequestError(LocalCloudError):
    """The local cloud understood what it was asked for, and that makes no sense; the message says why."""


def ask(endpoint_url: str, method: str, path: str, body: Any = None) -> Any:
    """Return what the local cloud answers. Raises LocalCloudError with its own words where it refuses."""
    with _opened(endpoint_url, method, path, body, seconds=30) as answer:
        return json.load(answer)


def follow(endpoint_url: str, path: str, body: Any) -> Iterator[dict[str, Any]]:
    """Yield what the local cloud reports while it works. Raises LocalCloudError as `ask` does."""
    with _opened(endpoint_url, "POST", path, body, seconds=3600) as answer:
        for line in answer:
            yield json.loads(line)


@contextmanager
def _opened(endpoint_url: str, method: str, path: str, body: Any, *, seconds: float) -> Iterator[Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{endpoint_url}/_slipway/{path}", data, method=method)  # noqa: S310 - loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy must not be asked for loopback
    try:
        with opener.open(request, timeout=seconds) as answer:
            yield answer
    except urllib.error.HTTPError as error:
        refused = RefusedRequestError if error.code == http.HTTPStatus.BAD_REQUEST else LocalCloudError
        raise refused(json.load(error)["message"]) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise LocalCloudError(f"the local cloud at {endpoint_url} went away while it was asked: {reason}") from error
