"""Connections that stay open: one request must never see what another left behind.

Expectations: https://www.rfc-editor.org/rfc/rfc9112 (message body length, persistence) and PEP 3333; nothing of it is
specific to AWS.
"""

import http.client
import socket
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from slipway_local.serving import serve

pytestmark = pytest.mark.capability("O14")


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/echo":
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]
    if path == "/ignore":
        start_response("403 Forbidden", [("Content-Length", "2")])
        return [b"no"]
    if path == "/parts":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter([b"one,", b"", b"two"])
    if path == "/nothing":
        start_response("204 No Content", [("Content-Length", "2")])
        return [b"{}"]
    if path == "/breaks-late":
        start_response("200 OK", [])
        return _breaks()
    raise RuntimeError("broken on purpose")


def _breaks() -> Iterator[bytes]:
    yield b"begun"
    raise RuntimeError("broken on purpose")


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with serve(application) as url:  # type: ignore[arg-type]
        parts = urlsplit(url)
        yield str(parts.hostname), int(parts.port or 0)


@pytest.fixture
def client(address: tuple[str, int]) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.connect()
    yield connection
    connection.close()


def ask(client: http.client.HTTPConnection, method: str, path: str, **more: Any) -> tuple[int, bytes]:
    client.request(method, path, **more)
    answer = client.getresponse()
    return answer.status, answer.read()


def test_one_connection_serves_every_kind_of_request_and_answer(client: http.client.HTTPConnection) -> None:
    mine = client.sock
    assert ask(client, "POST", "/echo", body=b"x" * 100_000) == (200, b"x" * 100_000)
    assert ask(client, "POST", "/ignore", body=b"y" * 100_000) == (403, b"no")
    assert ask(client, "POST", "/ignore", body=iter([b"z" * 70_000, b"z"]), encode_chunked=True) == (403, b"no")
    assert ask(client, "POST", "/echo", body=iter([b"a", b"bc"]), encode_chunked=True) == (200, b"abc")
    assert ask(client, "GET", "/parts") == (200, b"one,two")
    assert ask(client, "HEAD", "/parts") == (200, b"")
    assert ask(client, "POST", "/nothing", body=b"{}") == (204, b"")
    assert ask(client, "GET", "/echo") == (200, b"")
    assert client.sock is mine


def test_an_application_that_fails_is_a_500_and_the_end_of_the_connection(client: http.client.HTTPConnection) -> None:
    assert ask(client, "POST", "/unknown", body=b"left unread") == (500, b"Internal Server Error\n")
    assert client.sock is None


def test_a_response_that_breaks_off_is_not_taken_for_whole(client: http.client.HTTPConnection) -> None:
    client.request("GET", "/breaks-late")
    with pytest.raises(http.client.IncompleteRead):
        client.getresponse().read()


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=10) as raw:
        raw.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert raw.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.sendall(b"abc")
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        assert answer.read() == b"abc"


def test_an_old_client_gets_a_body_that_ends_with_the_connection(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=10) as raw:
        raw.sendall(b"GET /parts HTTP/1.0\r\n\r\n")
        received = b""
        while data := raw.recv(1000):
            received += data
    assert received.endswith(b"\r\n\r\none,two")
    assert b"chunked" not in received
