"""The program that stands for an image of a model server: `python model_server.py --port 8080 --model /opt/ml/model`.

It answers `/ping` and `/invocations` as SageMaker wants, in OpenAI's chat schema and in LMI's and TGI's generate
schema, streamed or not. Its model is made when it starts: which word follows which two in the texts (*.txt, *.md,
*.jsonl) of the model's folder; without texts it repeats the prompt. The same prompt has the same answer.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
Source: https://platform.openai.com/docs/api-reference/chat/object
"""

import argparse
import json
import os
import re
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Follow = dict[tuple[str, str], list[str]]
TEXTS = (".txt", ".md", ".jsonl")
CONTEXT = ("OPTION_MAX_MODEL_LEN", "MAX_TOTAL_TOKENS", "SM_ON_SEQUENCE_LENGTH")
DEFAULT_TOKENS = 64


class RefusedError(Exception):
    """The request cannot be answered as it is: status 400."""


def read(folder: Path) -> list[str]:
    """Return the words of the texts in a folder."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in TEXTS) if folder.is_dir() else []
    return [word for path in files for word in path.read_text(encoding="utf-8", errors="replace").split()]


def learn(words: list[str]) -> Follow:
    """Return which words follow which two, in the order of the text."""
    follow: Follow = defaultdict(list)
    for first, second, third in zip(words, words[1:], words[2:], strict=False):
        follow[first, second].append(third)
    return follow


def write(follow: Follow, prompt: str, count: int) -> Iterator[str]:
    """Yield at most `count` words: from where the texts meet the prompt, and on as they go."""
    if not follow:
        yield from prompt.split()[-count:]
        return
    asked = {word.lower().strip("?!.,:;") for word in prompt.split()}
    pairs = list(follow)
    # Ties are broken by the prompt, always alike.
    at = zlib.crc32(prompt.encode()) % len(pairs)
    pair = max(pairs[at:] + pairs[:at], key=lambda two: len({word.lower().strip("?!.,:;") for word in two} & asked))
    yield from pair[:count]
    for step in range(max(count - 2, 0)):
        options = follow.get(pair)
        if not options:
            return
        pair = (pair[1], options[step % len(options)])
        yield pair[1]


class Server:
    """The model, and how it answers."""

    def __init__(self, folder: Path) -> None:
        self._follow = learn(read(folder))
        limits = [int(os.environ[name]) for name in CONTEXT if os.environ.get(name, "").isdigit()]
        self._context = limits[0] if limits else 0

    def answer(self, request: dict[str, Any]) -> tuple[bool, Iterator[bytes]]:
        """Return whether the answer is a stream, and its bytes. Raises: RefusedError."""
        openai = "messages" in request
        if not openai and not isinstance(request.get("inputs"), str):
            raise RefusedError("neither messages nor inputs")
        prompt = (
            "\n".join(str(each.get("content", "")) for each in request["messages"]) if openai else request["inputs"]
        )
        given = request if openai else request.get("parameters") or {}
        limit = given.get("max_tokens") or given.get("max_completion_tokens") or given.get("max_new_tokens")
        tokens, used = int(limit or DEFAULT_TOKENS), len(prompt.split())
        if self._context and used + (tokens if limit else 0) > self._context:
            raise RefusedError(f"This model's maximum context length is {self._context} tokens, not {used + tokens}")
        words = list(write(self._follow, prompt, tokens))
        made = (_chat if openai else _generate)(request, words, used, tokens)
        return bool(request.get("stream")), made


def _chat(request: dict[str, Any], words: list[str], used: int, limit: int) -> Iterator[bytes]:
    about = {
        "id": f"chatcmpl-{time.time_ns():x}",
        "created": int(time.time()),
        "model": request.get("model") or "local",
    }
    reason = "length" if len(words) >= limit else "stop"
    usage = {"prompt_tokens": used, "completion_tokens": len(words), "total_tokens": used + len(words)}
    if not request.get("stream"):
        choice = {"index": 0, "message": {"role": "assistant", "content": " ".join(words)}, "finish_reason": reason}
        yield json.dumps({**about, "object": "chat.completion", "choices": [choice], "usage": usage}).encode()
        return
    about["object"] = "chat.completion.chunk"
    for index, word in enumerate(words):
        delta = {"content": f" {word}"} if index else {"role": "assistant", "content": word}
        yield _event({**about, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield _event({**about, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    if (request.get("stream_options") or {}).get("include_usage"):
        yield _event({**about, "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _generate(request: dict[str, Any], words: list[str], used: int, limit: int) -> Iterator[bytes]:
    reason = "length" if len(words) >= limit else "eos_token"
    details = {"finish_reason": reason, "generated_tokens": len(words), "prompt_tokens": used}
    if not request.get("stream"):
        yield json.dumps({"generated_text": " ".join(words), "details": details}).encode()
        return
    for index, word in enumerate(words):
        last = {"generated_text": " ".join(words), "details": details} if index == len(words) - 1 else {}
        token = {"id": zlib.crc32(word.encode()), "text": f" {word}" if index else word, "special": False}
        yield json.dumps({"token": token, **last}).encode() + b"\n"


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def handler(server: Server) -> type[BaseHTTPRequestHandler]:
    """Return the class that serves requests."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(200 if self.path == "/ping" else 404, b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                if not re.fullmatch(r"/invocations(/.*)?", self.path):
                    raise RefusedError(f"no path {self.path}")
                streamed, made = server.answer(json.loads(body))
            except (RefusedError, ValueError, TypeError, AttributeError) as error:
                self._send(400, json.dumps({"error": str(error), "message": str(error)}).encode())
                return
            if not streamed:
                self._send(200, b"".join(made))
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in made:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing of requests: they are people's words."""

    return Handler


def main() -> None:
    """Serve until the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", type=Path, required=True, help="folder of the model's files")
    given = parser.parse_args()
    ThreadingHTTPServer(("127.0.0.1", given.port), handler(Server(given.model))).serve_forever()


if __name__ == "__main__":
    main()
