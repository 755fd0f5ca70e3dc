"""What the gateway adds to a model's answer, in its function and beside LiteLLM's proxy, and how it begins.

    python benchmarks/gateway.py [--json] [--requests 1000] [--no-peer]

The model is a stub that answers at once, in a process of its own. `inside`: the whole path from event to response, less
the bare call of the same client (boto3 for Bedrock, urllib3 for a server) in the same round. `proxy`: both gateways
behind HTTP, asked one request after the other over a kept connection, less the stub asked so. Goals: 1 ms at the median
and 3 ms at p99 inside; a fifth of LiteLLM's added p99; 250 ms of CPU to begin, 60 for thin functions.
Units: milliseconds; of CPU for init, over an interpreter that imports nothing, median of seven.
"""

import argparse
import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import urllib3
from _gateway.function import BEDROCK, body, call, prepare
from _prepare.peers import python_of_peers
from cold_start import cpu_milliseconds

HERE = Path(__file__).resolve().parent
FUNCTIONS = {"chat": 250, "authorize": 60, "search": 60, "documents": 60}
RUNS = 7


def percentiles(times: list[float]) -> dict[str, float]:
    """Return median and p99."""
    ordered = sorted(times)
    return {"p50_ms": round(statistics.median(ordered), 3), "p99_ms": round(ordered[int(len(ordered) * 0.99)], 3)}


def timed(operation: Callable[[], Any]) -> float:
    """Return how long an operation takes."""
    began = time.perf_counter()
    operation()
    return (time.perf_counter() - began) * 1000


def interleaved(one: Callable[[], Any], other: Callable[[], Any], requests: int) -> dict[str, Any]:
    """Return the times of both, which take turns, and what the first adds: the difference of their percentiles."""
    for _ in range(50):
        one(), other()
    pairs = [(timed(one), timed(other)) for _ in range(requests)]
    ours, bare = percentiles([pair[0] for pair in pairs]), percentiles([pair[1] for pair in pairs])
    added = {f"added_{name}": round(ours[name] - bare[name], 3) for name in ours}
    return {**ours, "stub_p50_ms": bare["p50_ms"], "stub_p99_ms": bare["p99_ms"], **added}


@contextlib.contextmanager
def served(command: list[str], **environment: str) -> Iterator[str]:
    """Run a program that prints its port, and return its address."""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent / "lambda")]), **environment}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=variables
    ) as process:
        try:
            assert process.stdout
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def inside(stub: str, requests: int) -> list[dict[str, Any]]:
    """Return what the function adds for each kind of route."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        return _inside(stub, requests)


def _inside(stub: str, requests: int) -> list[dict[str, Any]]:
    prepare(stub)
    converse = boto3.client("bedrock-runtime")
    messages = [{"role": "user", "content": [{"text": json.loads(body("x"))["messages"][1]["content"]}]}]
    pool = urllib3.PoolManager()
    bare = {
        "bedrock": lambda: converse.converse(modelId=BEDROCK, messages=messages),
        "counted": lambda: json.loads(pool.request("POST", f"{stub}/v1/chat/completions", body=body("counted")).data),
    }
    rows = []
    for alias, direct in bare.items():
        assert call(alias)["statusCode"] == 200
        found = interleaved(lambda alias=alias: call(alias), direct, requests)
        rows.append({"name": f"inside, {alias}", **found, "goal_p50_ms": 1, "goal_p99_ms": 3})
    return rows


def asks(address: str) -> Callable[[], Any]:
    """Return one request over a connection that stays."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"))
    headers = {"Content-Type": "application/json", "Authorization": "Bearer sk-benchmark"}

    def ask() -> None:
        connection.request("POST", "/v1/chat/completions", body("counted"), headers)
        answer = connection.getresponse()
        told = answer.read()
        assert answer.status == 200, told[:300]

    return ask


@contextlib.contextmanager
def litellm(stub: str) -> Iterator[str]:
    """Run LiteLLM's proxy with one worker, as it is installed by default."""
    python, port = Path(python_of_peers()), 18_400 + os.getpid() % 1000
    parameters = {"model": "openai/tiny", "api_base": f"{stub}/v1", "api_key": "x"}
    config = {"model_list": [{"model_name": "counted", "litellm_params": parameters}]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(json.dumps({**config, "general_settings": {"master_key": "sk-benchmark"}}))
        command = [str(python.with_name("litellm")), "--config", str(path), "--port", str(port), "--host", "127.0.0.1"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(240):
                with contextlib.suppress(OSError):
                    asks(address)()
                    break
                time.sleep(0.5)
            yield address
        finally:
            process.kill()
            process.wait()


def proxies(stub: str, requests: int, *, peer: bool) -> list[dict[str, Any]]:
    """Return what each gateway adds behind HTTP."""
    rows = []
    with served([sys.executable, str(HERE / "_gateway" / "serve.py"), stub]) as ours:
        rows.append({"name": "proxy, slipway", **interleaved(asks(ours), asks(stub), requests)})
    if peer:
        with litellm(stub) as theirs:
            found = interleaved(asks(theirs), asks(stub), requests)
        ratio = round(found["added_p99_ms"] / max(rows[0]["added_p99_ms"], 0.001), 1)
        rows.append({"name": "proxy, LiteLLM", **found, "added_p99_over_ours": ratio, "goal_ratio": 5})
    return rows


def starts() -> list[dict[str, Any]]:
    """Return the CPU time that each function takes to begin."""
    rows = []
    for name, goal in FUNCTIONS.items():
        code = f"import slipway_runtime.handlers.{name}"
        cpu_milliseconds(code)
        samples = [(cpu_milliseconds(code), cpu_milliseconds("pass")) for _ in range(RUNS)]
        cost = statistics.median(each[0] for each in samples) - statistics.median(each[1] for each in samples)
        rows.append({"name": f"init, {name}", "cpu_ms": round(cost), "goal_cpu_ms": goal})
    return rows


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--requests", type=int, default=1000, help="requests of each kind (default 1000)")
    parser.add_argument("--no-peer", action="store_true", help="leave LiteLLM's proxy out")
    arguments = parser.parse_args()
    with served([sys.executable, str(HERE / "_gateway" / "stub.py")]) as stub:
        rows = inside(stub, arguments.requests) + proxies(stub, arguments.requests, peer=not arguments.no_peer)
    rows += starts()
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        figures = "   ".join(f"{name} {value}" for name, value in row.items() if name != "name")
        print(f"{row['name']:20} {figures}")


if __name__ == "__main__":
    main()
