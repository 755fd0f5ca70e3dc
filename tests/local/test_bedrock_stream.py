"""ConverseStream, read by botocore's own event-stream parser: the stand-in's words, another server's as they come."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError

from slipway_local.bedrock import BedrockRuntime
from slipway_local.serving import serve
from support.shapes import SESSION, check_answer, unknown

pytestmark = pytest.mark.capability("O14")
MODEL = "anthropic.claude-haiku-4-5-20251001-v1:0"
HELLO = [{"role": "user", "content": [{"text": "Hello there, who are you?"}]}]


def kinds(events: list[dict[str, Any]]) -> list[str]:
    """The events' names, repetitions apart."""
    names = [next(iter(event)) for event in events]
    return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


def text_of(events: list[dict[str, Any]]) -> str:
    return "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)


def test_the_stream_is_the_same_reply_in_pieces(bedrock: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
    whole = bedrock.converse(modelId=MODEL, messages=HELLO)
    response = bedrock.converse_stream(modelId=MODEL, messages=HELLO)
    assert response["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/vnd.amazon.eventstream"
    events = list(response["stream"])
    assert kinds(events) == ["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]
    assert len(events) > 10
    assert events[0]["messageStart"] == {"role": "assistant"}
    assert text_of(events) == whole["output"]["message"]["content"][0]["text"]
    assert events[-2]["messageStop"]["stopReason"] == whole["stopReason"]
    assert events[-1]["metadata"]["usage"] == whole["usage"]
    assert events[-1]["metadata"]["metrics"]["latencyMs"] >= 0


def test_every_frame_has_the_members_of_its_shape(bedrock: Any) -> None:
    from botocore.eventstream import EventStreamBuffer

    with urllib.request.urlopen(
        urllib.request.Request(
            f"{bedrock.meta.endpoint_url}/model/{MODEL}/converse-stream",
            json.dumps({"messages": HELLO}).encode(),
            method="POST",
        )
    ) as response:
        buffer = EventStreamBuffer()
        buffer.add_data(response.read())
    shape = SESSION.get_service_model("bedrock-runtime").operation_model("ConverseStream").output_shape
    members = shape.members["stream"].members
    frames = list(buffer)
    assert frames
    for frame in frames:
        member = members[frame.headers[":event-type"]]
        payload = json.loads(frame.payload)
        assert unknown(payload, member) == []
        assert set(member.required_members) <= set(payload)


def test_what_converse_refuses_the_stream_refuses_before_it_begins(bedrock: Any) -> None:
    with pytest.raises(ClientError, match="must start with a user message"):
        bedrock.converse_stream(modelId=MODEL, messages=[])


def test_a_call_of_a_tool_comes_in_pieces(bedrock: Any) -> None:
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlockDelta.html"""
    schema = {"type": "object", "properties": {"said": {"type": "string"}}}
    tool: Any = {"toolSpec": {"name": "look", "inputSchema": {"json": schema}}}
    config: Any = {"tools": [tool], "toolChoice": {"any": {}}}
    said: Any = [{"role": "user", "content": [{"text": "The lamp burns forty hours."}]}]
    answer = bedrock.converse_stream(modelId=MODEL, messages=said, toolConfig=config)
    events = list(answer["stream"])
    starts = [event["contentBlockStart"]["start"]["toolUse"] for event in events if "contentBlockStart" in event]
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    pieces = [delta["toolUse"]["input"] for delta in deltas if "toolUse" in delta]
    assert [start["name"] for start in starts] == ["look"]
    assert json.loads("".join(pieces)) == {"said": "The lamp burns forty hours."}
    assert [event["messageStop"]["stopReason"] for event in events if "messageStop" in event] == ["tool_use"]


def test_a_result_of_a_tool_answers_a_call(bedrock: Any) -> None:
    result: Any = {"toolResult": {"toolUseId": "none", "content": [{"text": "x"}]}}
    with pytest.raises(ClientError, match="exceeds the number of toolUse blocks"):
        bedrock.converse_stream(modelId=MODEL, messages=[{"role": "user", "content": [result]}])


def test_the_whole_answer_has_the_members_of_its_shape(bedrock: Any) -> None:
    request = urllib.request.Request(
        f"{bedrock.meta.endpoint_url}/model/{MODEL}/converse", json.dumps({"messages": HELLO}).encode(), method="POST"
    )
    with urllib.request.urlopen(request) as response:
        check_answer("bedrock-runtime", "Converse", json.load(response))


class Streaming(BaseHTTPRequestHandler):
    """A chat-completions server that sends the events that the test gives it, then hangs up."""

    lines: list[str] = []
    status = 200
    asked: list[dict[str, Any]] = []
    go_on = threading.Event()

    def do_POST(self) -> None:
        self.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.end_headers()
        for line in self.lines:
            if line == "wait":
                self.go_on.wait(20)
                continue
            self.wfile.write(f"data: {line}\n\n".encode())
            self.wfile.flush()

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def server() -> Iterator[tuple[type[Streaming], str]]:
    handler = type("Handler", (Streaming,), {"asked": [], "go_on": threading.Event()})
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield handler, f"http://localhost:{running.server_port}/v1"
    handler.go_on.set()
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def through(server: Any, make_client: Any) -> Iterator[Any]:
    with serve(BedrockRuntime(model_url=server[1], model_name="tiny")) as url:
        yield make_client("bedrock-runtime", url)


def chunk(text: str | None = None, finish: str | None = None) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}]})


USAGE = json.dumps({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}})


def test_a_servers_pieces_pass_through_as_they_come(server: Any, through: Any) -> None:
    # https://platform.openai.com/docs/api-reference/chat-streaming
    handler, _ = server
    handler.lines = [chunk("Hel"), "wait", chunk("lo."), chunk(finish="length"), USAGE, "[DONE]"]
    stream = iter(through.converse_stream(modelId=MODEL, messages=HELLO)["stream"])
    first = [next(stream), next(stream)]
    assert text_of(first) == "Hel", "the server has not said the rest yet"
    handler.go_on.set()
    events = [*first, *stream]
    assert text_of(events) == "Hello."
    assert events[-2]["messageStop"]["stopReason"] == "max_tokens"
    assert events[-1]["metadata"]["usage"] == {"inputTokens": 7, "outputTokens": 2, "totalTokens": 9}
    assert handler.asked[0]["stream"] is True
    assert handler.asked[0]["stream_options"] == {"include_usage": True}


def test_a_server_that_refuses_is_an_ordinary_error(server: Any, through: Any) -> None:
    server[0].status = 429
    with pytest.raises(through.exceptions.ThrottlingException):
        through.converse_stream(modelId=MODEL, messages=HELLO)


def test_a_server_that_breaks_off_is_an_error_in_the_stream(server: Any, through: Any) -> None:
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html
    server[0].lines = [chunk("Hel")]
    stream = through.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
    with pytest.raises(EventStreamError, match="broke off its answer") as caught:
        list(stream)
    assert caught.value.response["Error"]["Code"] == "modelStreamErrorException"
