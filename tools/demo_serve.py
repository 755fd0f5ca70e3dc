"""A model server for the demo's tiny model: `serve.py` among its files, which the local cloud runs in an image's place.

`about.json` beside it names the folders of torch, which model it is, and whether it fails on purpose.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import argparse
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ONE_AT_A_TIME = threading.Lock()


class Writer:
    """The model. It answers at most `count` tokens."""

    def __init__(self, folder: Path, count: int = 8) -> None:
        import torch  # noqa: PLC0415 - its folder is known only now
        import transformers  # noqa: PLC0415

        torch.set_num_threads(1)
        self._count = count
        self._tokens = transformers.AutoTokenizer.from_pretrained(folder)
        self._model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()

    def write(self, messages: list[dict[str, str]]) -> str:
        """Return the answer to a chat."""
        text = self._tokens.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        asked = self._tokens(text, return_tensors="pt", add_special_tokens=False)
        with ONE_AT_A_TIME:
            made = self._model.generate(asked.input_ids, max_new_tokens=self._count, do_sample=False)
        return str(self._tokens.decode(made[0, asked.input_ids.shape[1] :], skip_special_tokens=True)).strip()


def handler(about: dict[str, Any], writer: Writer | None) -> type[BaseHTTPRequestHandler]:
    """Return the class that serves requests; without a writer each of them fails."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(200, {})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if writer is None:
                self._send(500, {"error": "this model fails on purpose"})
                return
            message = {"role": "assistant", "content": writer.write(asked["messages"])}
            self._send(200, {"model": about["name"], "choices": [{"index": 0, "message": message}]})

        def _send(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing of requests."""

    return Handler


def main() -> None:
    """Serve until the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", type=Path, required=True)
    given = parser.parse_args()
    about = json.loads((given.model / "about.json").read_text(encoding="utf-8"))
    sys.path[:0] = about["folders"]
    writer = None if about["fails"] else Writer(given.model)
    ThreadingHTTPServer(("127.0.0.1", given.port), handler(about, writer)).serve_forever()


if __name__ == "__main__":
    main()
