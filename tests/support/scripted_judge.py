"""A chat-completions server that judges by a rule that a test can reckon with: words must stand in the documents.

Claims are the sentences of the answer; a claim is supported if every word of it stands in one document; the question
that an answer answers is what the test says. Without tools it quotes the first document, with its mark.
"""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler

WORD = re.compile(r"\w+")


class ScriptedJudge(BaseHTTPRequestHandler):
    """Answers by the tool it is made to call. `fair` false: it supports every claim."""

    fair = True
    answer = "Nothing."
    asked: list[dict] = []

    def do_GET(self) -> None:
        self.send({"object": "list", "data": [{"id": "judge"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        text = body["messages"][-1]["content"]
        message = {"role": "assistant", "content": self.answer}
        if tools := body.get("tools"):
            name = tools[0]["function"]["name"]
            call = {"name": name, "arguments": json.dumps(self.judgement(name, text))}
            message = {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "1", "type": "function", "function": call}],
            }
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        self.send({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})

    def judgement(self, tool: str, text: str) -> dict:
        if tool == "record_verdict":
            return {"supported": not self.fair or self.supported(text)}
        answer = re.search(r"<answer>(.*?)</answer>", text, re.DOTALL)[1]
        if tool == "record_claims":
            return {"claims": [part for part in re.split(r"(?:\s*\[\d+\])*(?<=[.\]])\s+", answer) if WORD.search(part)]}
        return {"questions": ["How many hours of sun do tomatoes need?"]}

    def supported(self, text: str) -> bool:
        claim = set(WORD.findall(re.search(r"<claim>(.*?)</claim>", text, re.DOTALL)[1].lower()))
        claim = {word for word in claim if len(word) > 3 or word.isdigit()} - {"took", "place", "installation"}
        documents = re.findall(r"<document>(.*?)</document>", text, re.DOTALL)
        return any(claim <= set(WORD.findall(document.lower())) for document in documents)

    def send(self, payload: dict) -> None:
        body = json.dumps(payload).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...
