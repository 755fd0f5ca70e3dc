"""What boto3 sends, as the WSGI environment that a server makes of it."""

import io
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse


def environ_of(request: AWSPreparedRequest) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) that a server makes of boto3's request."""
    url, body = urlsplit(request.url), request.body or b""
    content = body if isinstance(body, bytes) else body.read() if hasattr(body, "read") else str(body).encode()
    text = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in text.items()}
    return headers | {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path),
        "RAW_URI": f"{url.path}?{url.query}",
        "QUERY_STRING": url.query,
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(content)),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content),
    }


def sent(service: str, method: str, **arguments: Any) -> dict[str, Any]:
    """What boto3 sends for one call, which is answered with nothing."""
    client: Any = boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url="http://localhost:1",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    seen: list[AWSPreparedRequest] = []

    def keep(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        seen.append(request)
        raw = io.BytesIO(b"{}")
        raw.stream = lambda **_: iter([b"{}"])  # type: ignore[attr-defined]
        return AWSResponse(request.url, 400, {}, raw)

    client.meta.events.register("before-send.*.*", keep)
    with pytest.raises(Exception, match=r".*"):
        getattr(client, method)(**arguments)
    return environ_of(seen[0])
