"""Asking a running local cloud for something, over its paths under /_slipway."""

import http
import http.client
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

KEY_HEADER = "X-Slipway-Key"
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class LocalCloudError(RuntimeError):
    """The local cloud could not be started, deployed to or stopped; the message says why and what to do."""


class RefusedRequestError(LocalCloudError):
    """The local cloud understood what it was asked for, and that makes no sense; the message says why."""


def locked(application: Application, key: str) -> Application:
    """Return an application that answers 403 to whoever does not send the key of the state folder.

    Two need none: `health`, and the answers of custom resources, whose addresses are secrets themselves.
    """

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path, sent = environ["PATH_INFO"], environ.get("HTTP_X_SLIPWAY_KEY", "")
        open_to_all = path == "/_slipway/health" or path.startswith("/_slipway/custom-resource/")
        if open_to_all or secrets.compare_digest(sent.encode(), key.encode()):
            return application(environ, start_response)
        status = HTTPStatus.FORBIDDEN
        start_response(f"{status} {status.phrase}", [("Content-Type", "application/json")])
        return [
            b'{"message": "this needs the key in the state folder\'s daemon.json, which the command slipway sends"}'
        ]

    return serve


def ask(state: Path, method: str, path: str, body: Any = None) -> Any:
    """Return what the local cloud answers. Raises LocalCloudError with its own words where it refuses."""
    with _opened(state, method, path, body, seconds=30) as answer:
        return json.load(answer)


def follow(state: Path, path: str, body: Any) -> Iterator[dict[str, Any]]:
    """Yield what the local cloud reports while it works. Raises LocalCloudError as `ask` does."""
    with _opened(state, "POST", path, body, seconds=3600) as answer:
        for line in answer:
            yield json.loads(line)


@contextmanager
def _opened(state: Path, method: str, path: str, body: Any, *, seconds: float) -> Iterator[Any]:
    try:
        daemon = json.loads((state / "daemon.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise LocalCloudError(f"no local cloud runs on {state}: {error.strerror}") from None
    endpoint_url = daemon["endpoint_url"]
    data = None if body is None else json.dumps(body).encode()
    url, headers = f"{endpoint_url}/_slipway/{path}", {KEY_HEADER: daemon["key"]}
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - loopback
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
