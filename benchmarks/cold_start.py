"""Import time of each handler in fresh interpreters, against boto3 + Logger + Metrics.

    python benchmarks/cold_start.py [--json] [--runs 7]

Units: milliseconds of CPU (user and system) over an interpreter that imports nothing, median of the runs. Handlers and
peer alternate, so that a busy machine slows both alike.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "lambda"
PEER = "import boto3; from aws_lambda_powertools import Logger, Metrics; Logger(service='x'); Metrics(namespace='x')"
GOALS = {"chat": 1.3}


def handlers() -> list[str]:
    """Return the modules of handlers/ that define a handler."""
    folder = ROOT / "slipway_runtime" / "handlers"
    return sorted(path.stem for path in folder.glob("*.py") if "\ndef handler(" in path.read_text())


def cpu_milliseconds(code: str) -> float:
    """Return the CPU time of a fresh interpreter that runs `code`."""
    before = os.times()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    after = os.times()
    children = (after.children_user + after.children_system) - (before.children_user + before.children_system)
    return children * 1000


def measure(runs: int) -> list[dict[str, object]]:
    """Return one result per handler, each with the peer of the same run."""
    programs = {"(nothing)": "pass", "(peer)": PEER}
    programs |= {name: f"import slipway_runtime.handlers.{name}" for name in handlers()}
    for code in programs.values():  # once unmeasured, for the byte code and the file cache
        cpu_milliseconds(code)
    samples: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, code in programs.items():
            samples[name].append(cpu_milliseconds(code))
    medians = {name: statistics.median(times) for name, times in samples.items()}
    empty = medians["(nothing)"]
    peer = medians["(peer)"] - empty
    results: list[dict[str, object]] = []
    for name in handlers():
        cost = medians[name] - empty
        row = {"name": f"import handlers.{name}", "cpu_ms": round(cost), "peer": "boto3 + Logger + Metrics"}
        results.append({**row, "peer_cpu_ms": round(peer), "ratio": round(cost / peer, 2), "goal": GOALS.get(name)})
    return results


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--runs", type=int, default=7, help="interpreters per handler (default 7)")
    arguments = parser.parse_args()
    results = measure(arguments.runs)
    if arguments.json:
        print(json.dumps(results, indent=2))
        return
    for row in results:
        goal = f"goal <= {row['goal']}" if row["goal"] else "no goal"
        print(f"{row['name']:32} {row['cpu_ms']:>5} ms   peer {row['peer_cpu_ms']} ms   ratio {row['ratio']}   {goal}")


if __name__ == "__main__":
    main()
