"""What a careless or hostile client sends gets an error in OpenAI's shape that names what is wrong."""

from typing import Any

import pytest
import urllib3


def post(dev: dict[str, Any], body: bytes, path: str = "/chat/completions") -> urllib3.BaseHTTPResponse:
    headers = {"authorization": f"Bearer {dev['api_key']}", "content-type": "application/json"}
    return urllib3.request("POST", dev["gateway_url"] + path, body=body, headers=headers, retries=False)


@pytest.mark.capability("S7")
@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        (b"\xff\xfe", "JSON"),
        (b"{}", "model"),
        (b'{"model": "default"}', "messages"),
        (b'{"model": "default", "messages": []}', "messages"),
        (b'{"model": "default", "messages": "hello"}', "messages"),
        (b'{"model": "default", "messages": [{"role": "user"}]}', "content"),
        (b'{"model": "default", "messages": [{"role": "king", "content": "x"}]}', "role"),
        (b'{"model": 7, "messages": [{"role": "user", "content": "x"}]}', "model"),
        (b'{"model": "default", "messages": [{"role": "user", "content": " "}]}', "empty"),
        (b'{"model": "default", "stream": "yes", "messages": [{"role": "user", "content": "x"}]}', "stream"),
        (b'{"model": "default", "temperature": "hot", "messages": [{"role": "user", "content": "x"}]}', "temperature"),
        (b'{"model": "default", "max_tokens": -1, "messages": [{"role": "user", "content": "x"}]}', "max_tokens"),
    ],
)
def test_a_malformed_request_is_answered_400_with_what_is_wrong(dev: dict[str, Any], body: bytes, named: str) -> None:
    response = post(dev, body)
    error = response.json()["error"]
    assert response.status == 400, error
    assert named in error["message"]
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("path", ["/documents/doc_unknown", "/documents/..%2F..%2Fetc%2Fpasswd"])
def test_an_unknown_document_is_404(dev: dict[str, Any], path: str) -> None:
    headers = {"authorization": f"Bearer {dev['api_key']}"}
    response = urllib3.request("GET", dev["gateway_url"] + path, headers=headers, retries=False)
    assert response.status in (403, 404)


@pytest.mark.parametrize("query", ["limit=0", "limit=many", "limit=100000", "after=%00", "status=unknown"])
def test_a_malformed_listing_is_answered_400(dev: dict[str, Any], query: str) -> None:
    headers = {"authorization": f"Bearer {dev['api_key']}"}
    response = urllib3.request("GET", f"{dev['gateway_url']}/documents?{query}", headers=headers, retries=False)
    assert response.status == 400, response.data
    assert query.partition("=")[0] in response.json()["error"]["message"]


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic x"}, {"authorization": "Bearer "}])
def test_without_a_key_nothing_is_answered(dev: dict[str, Any], headers: dict[str, str]) -> None:
    response = urllib3.request("GET", f"{dev['gateway_url']}/models", headers=headers, retries=False)
    assert response.status == 401
