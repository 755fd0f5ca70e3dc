"""The commands' client of the gateway, against a server that answers what it is told to.

API Gateway's 429 comes without Retry-After and before any function:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from slipway_cli.errors import CommandError
from slipway_cli.gateway import Gateway

THROTTLED = (429, {}, {"message": "Too Many Requests"})
USED_UP = (429, {"Retry-After": "3600"}, {"error": {"message": "The day's budget is used up."}})
AWAY = (503, {}, {"error": {"message": "The document store is starting."}})
FINE = (200, {}, {"data": []})
Answer = tuple[int, dict[str, str], dict[str, object]]


@dataclass
class Server:
    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    asked: int = 0

    def told(self, *answers: Answer) -> Gateway:
        self.answers, self.asked = list(answers), 0
        return Gateway(self.url, "key")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            status, headers, body = state.answers[min(state.asked, len(state.answers) - 1)]
            state.asked += 1
            text = json.dumps(body).encode()
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(text))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        state.url = f"http://127.0.0.1:{running.server_port}"
        yield state
        running.shutdown()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_was_turned_away_before_any_function_is_sent_again(server: Server, method: str) -> None:
    gateway = server.told(THROTTLED, THROTTLED, FINE)

    assert gateway.call(method, "/search", {}) == FINE[2]
    assert server.asked == 3


def test_a_budget_that_is_used_up_is_told_at_once(server: Server) -> None:
    with pytest.raises(CommandError, match="answered 429: The day's budget is used up"):
        server.told(USED_UP).call("POST", "/chat/completions", {})
    assert server.asked == 1


def test_only_what_reads_is_sent_again_where_the_service_was_away(server: Server) -> None:
    assert server.told(AWAY, FINE).call("GET", "/documents") == FINE[2]
    with pytest.raises(CommandError, match="answered 503: The document store is starting"):
        server.told(AWAY, FINE).call("POST", "/search", {})
    assert server.asked == 1


def test_the_last_refusal_is_told_in_its_own_words(server: Server) -> None:
    with pytest.raises(CommandError, match="answered 429: Too Many Requests"):
        server.told(THROTTLED).call("POST", "/search", {})
    assert server.asked == 5
