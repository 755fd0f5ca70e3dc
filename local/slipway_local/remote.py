"""Asking a running local cloud for something, over its paths under /_slipway."""

import json
import urllib.error
import urllib.request
from typing import Any

from slipway_local.cloud import LocalCloudError


def ask(endpoint_url: str, method: str, path: str, body: Any = None) -> Any:
    """Return what the local cloud answers. Raises LocalCloudError with its own words where it refuses."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{endpoint_url}/_slipway/{path}", data, method=method)  # noqa: S310 - loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy must not be asked for loopback
    try:
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise LocalCloudError(json.load(error)["message"]) from None
