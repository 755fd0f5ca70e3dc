"""A model that answers at once, in OpenAI's words and in Converse's: `python stub.py` prints its port."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SAID = "The lamp burns forty hours."
OPENAI = json.dumps(
    {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "tiny",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": SAID}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 6, "total_tokens": 13},
    }
).encode()
CONVERSE = json.dumps(
    {
        "output": {"message": {"role": "assistant", "content": [{"text": SAID}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 7, "outputTokens": 6, "totalTokens": 13},
        "metrics": {"latencyMs": 0},
    }
).encode()


class Stub(BaseHTTPRequestHandler):
    """Answers in one write, on connections that stay."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = CONVERSE if "converse" in self.path else OPENAI
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()
