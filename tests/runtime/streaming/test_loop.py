"""Our runtime loop against the local Runtime API, started as Lambda starts it: by the wrapper script.

Expectations: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming and
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway_local.functions.invocation import Invocation
from slipway_local.functions.worker import FunctionSpec, Worker
from slipway_local.rest_api.streaming import DELIMITER
from support.waiting import wait_for

pytestmark = pytest.mark.capability("S7")
LIBRARY = Path(__file__).resolve().parents[3] / "lambda" / "slipway_runtime"
FUNCTION = """
import os, pathlib, time
from slipway_runtime.streaming.response import Streamed

def wait(gate):
    while not pathlib.Path(gate).exists():
        time.sleep(0.01)

def handler(event, context):
    kind = event["kind"]
    if kind == "plain":
        told = [os.environ["_X_AMZN_TRACE_ID"], context.aws_request_id, context.get_remaining_time_in_millis() > 0]
        return {"statusCode": 201, "headers": {"x-own": "yes"}, "body": repr(told)}
    if kind == "raise":
        raise KeyError("a private text")
    if kind == "odd":
        return 7
    def parts():
        try:
            yield b"first "
            wait(event["gate"])
            if kind == "late":
                raise ValueError("too late")
            yield "zweites ü".encode()
        finally:
            print("the body was closed")
    return Streamed(status=200, headers={"content-type": "text/event-stream"}, body=parts())
"""


def make(tmp_path: Path, text: str, log: list[str]) -> Worker:
    code = tmp_path / "code"
    code.mkdir()
    (code / "slipway_runtime").symlink_to(LIBRARY)
    (code / "function.py").write_text(text)
    spec = FunctionSpec(
        name="f", arn="arn:aws:lambda:us-east-1:123456789012:function:f", version="$LATEST", log_group="g",
        runtime="python3.13", handler="function.handler", timeout_seconds=30, memory_mb=128, code=code, python_path=(),
        variables=(("AWS_LAMBDA_EXEC_WRAPPER", "/var/task/slipway_runtime/streaming/start"),),
        region="us-east-1", endpoint_url="http://127.0.0.1:9",
        role="arn:aws:iam::123456789012:role/f",
    )  # fmt: skip
    return Worker(spec, tmp_path / "scratch", log.extend)


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def start(tmp_path: Path, log: list[str]) -> Iterator[Callable[[str], Worker]]:
    made: list[Worker] = []

    def begin(text: str) -> Worker:
        made.append(make(tmp_path, text, log))
        return made[-1]

    yield begin
    for worker in made:
        worker.close()


def event(**fields: Any) -> Invocation:
    return Invocation(
        request_id=str(uuid.uuid4()), event=json.dumps(fields).encode(), function_arn="arn:f", timeout_seconds=30
    )


def run(worker: Worker, invocation: Invocation) -> Invocation:
    import threading

    threading.Thread(target=worker.invoke, args=(invocation,), daemon=True).start()
    return invocation


def parts(invocation: Invocation) -> Iterator[bytes]:
    while (part := invocation.chunks.get(timeout=30)) is not None:
        yield part


def test_parts_arrive_before_the_function_has_finished(start: Any, tmp_path: Path, log: list[str]) -> None:
    worker, gate = start(FUNCTION), tmp_path / "gate"
    invocation = run(worker, event(kind="stream", gate=str(gate)))
    received = parts(invocation)
    head, _, rest = (next(received) + next(received)).partition(DELIMITER)
    assert json.loads(head) == {"statusCode": 200, "headers": {"content-type": "text/event-stream"}}
    assert rest == b"first "
    assert not invocation.finished.is_set()
    gate.touch()
    assert b"".join(received).decode() == "zweites ü"
    assert not invocation.failed
    assert wait_for(lambda: "the body was closed" in log)


def test_a_proxy_response_is_a_stream_of_one_part_and_the_trace_is_known(start: Any) -> None:
    worker = start(FUNCTION)
    for _ in range(2):
        invocation = run(worker, event(kind="plain"))
        head, _, body = b"".join(parts(invocation)).partition(DELIMITER)
        assert json.loads(head) == {"statusCode": 201, "headers": {"x-own": "yes"}}
        assert b"Root=1-" in body
        assert invocation.request_id.encode() in body
        assert b"True" in body


def test_an_error_in_the_middle_is_told_in_trailers_and_the_environment_goes_on(start: Any, tmp_path: Path) -> None:
    worker, gate = start(FUNCTION), tmp_path / "gate"
    gate.touch()
    invocation = run(worker, event(kind="late", gate=str(gate)))
    assert b"first " in b"".join(parts(invocation))
    assert invocation.finished.wait(30)
    assert invocation.failed
    assert invocation.error() == ("ValueError", "too late")
    assert not run_to_end(worker, event(kind="plain")).failed


@pytest.mark.parametrize(("kind", "error"), [("raise", "KeyError"), ("odd", "TypeError")])
def test_an_error_before_the_head_is_the_invocations(start: Any, log: list[str], kind: str, error: str) -> None:
    worker = start(FUNCTION)
    invocation = run_to_end(worker, event(kind=kind))
    assert invocation.failed
    assert invocation.error()[0] == error
    assert wait_for(lambda: any(error in line for line in log))
    assert not any("a private text" in line for line in log)
    assert not run_to_end(worker, event(kind="plain")).failed


def test_an_import_error_is_told_as_an_init_error(start: Any, log: list[str]) -> None:
    worker = start("import no_such_module")
    invocation = run_to_end(worker, event(kind="plain"))
    assert invocation.failed
    assert invocation.error() == ("ModuleNotFoundError", "No module named 'no_such_module'")
    assert wait_for(lambda: any("the function did not begin" in line for line in log))
    assert not worker.alive


def run_to_end(worker: Worker, invocation: Invocation) -> Invocation:
    return worker.invoke(invocation)
