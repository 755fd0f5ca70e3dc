"""A warm call of a function that does nothing: inside the local cloud, and through boto3.

    python benchmarks/warm_call.py [--json] [--calls 300]

Units: milliseconds, median of the calls. The peer is the least that such a call can be: one request and one answer over
a kept connection on loopback, to a server that does nothing.
"""

import argparse
import http.client
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from slipway_local import cloud
from slipway_local.aws import Place
from slipway_local.functions.packages import Packages
from slipway_local.functions.pool import FunctionPool
from slipway_local.functions.worker import FunctionSpec
from slipway_local.serving import serve

CACHE = Path(__file__).resolve().parent.parent / ".slipway" / "cache"
CODE = "def handler(event, context):\n    return event\n"
EVENT = b'{"n": 1}'
GOAL_MS = 1.0


def median_milliseconds(call: Callable[[], Any], calls: int) -> float:
    """Return the median time of a call, after a few unmeasured ones."""
    times = []
    for number in range(calls + 20):
        began = time.perf_counter()
        call()
        if number >= 20:
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def inside(folder: Path, calls: int) -> float:
    """Return what the pool takes for a warm event: the runtime client's own time included."""
    (folder / "index.py").write_text(CODE)
    spec = FunctionSpec(
        name="nothing",
        arn="arn:aws:lambda:us-east-1:123456789012:function:nothing",
        version="$LATEST",
        role="arn:aws:iam::123456789012:role/nothing",
        log_group="/aws/lambda/nothing",
        runtime="python3.13",
        handler="index.handler",
        timeout_seconds=10,
        memory_mb=128,
        code=folder,
        python_path=(str(Packages(CACHE).runtime()),),
        variables=(),
        region="us-east-1",
        endpoint_url="http://localhost:1",
    )
    pool = FunctionPool(spec, folder / "scratch", lambda _: None)
    try:
        return median_milliseconds(lambda: pool.run(pool.invocation(EVENT)), calls)
    finally:
        pool.close()


def loopback(calls: int) -> float:
    """Return the time of one request to a server that does nothing."""

    def nothing(_: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", str(len(EVENT)))])
        return [EVENT]

    with serve(nothing) as url:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port)

        def call() -> None:
            connection.request("POST", "/", body=EVENT)
            connection.getresponse().read()

        return median_milliseconds(call, calls)


def through_boto3(folder: Path, calls: int) -> tuple[float, float]:
    """Return the time of Invoke and of a call that moto answers by itself, through boto3 and the daemon's port."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    template = {"Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}},
        "It": {"Type": "AWS::Lambda::Function", "Properties": {
            "FunctionName": "nothing", "Runtime": "python3.13", "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Code": {"ZipFile": CODE}}},
    }}  # fmt: skip
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "One.template.json"},
    }
    assembly = folder / "assembly"
    assembly.mkdir()
    (assembly / "One.template.json").write_text(json.dumps(template))
    (assembly / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"One": artifact}}))
    status = cloud.up(assembly, folder / "state", environment="bench", cache=CACHE)
    try:
        client = Place(endpoint_url=status.endpoint_url).client("lambda")

        def call() -> None:
            client.invoke(FunctionName="nothing", Payload=EVENT)["Payload"].read()

        invoke = median_milliseconds(call, calls)
        peer = median_milliseconds(lambda: client.get_function_concurrency(FunctionName="nothing"), calls)
        return invoke, peer
    finally:
        cloud.down(folder / "state")


def row(name: str, milliseconds: float, peer: str, peer_ms: float, goal: float | None) -> dict[str, Any]:
    """Return one result."""
    return {
        "name": name,
        "ms": round(milliseconds, 2),
        "peer": peer,
        "peer_ms": round(peer_ms, 2),
        "ratio": round(milliseconds / peer_ms, 2),
        "goal_ms": goal,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--calls", type=int, default=300, help="measured calls (default 300)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "code").mkdir()
        results = [row("warm call in the pool", inside(folder / "code", arguments.calls),
                       "one empty request on loopback", loopback(arguments.calls), GOAL_MS)]  # fmt: skip
        invoke, peer = through_boto3(folder, arguments.calls)
        results.append(row("warm call through boto3", invoke, "GetFunctionConcurrency through boto3", peer, None))
    if arguments.json:
        sys.stdout.write(json.dumps(results, indent=2) + "\n")
        return
    for one in results:
        goal = f"goal < {one['goal_ms']} ms" if one["goal_ms"] else "no goal"
        print(f"{one['name']:26} {one['ms']:>6} ms   {one['peer']} {one['peer_ms']} ms   ratio {one['ratio']}   {goal}")


if __name__ == "__main__":
    main()
