"""Fine-tuning beside plain TRL: how full packed rows are, and tokens learnt per second with the same settings.

    python benchmarks/fine_tune.py [--json] [--examples 4000] [--steps 20] [--runs 3]

Needs torch: `make torch`. A Llama of random weights is made on the spot. Each contender is a process of its own on one
thread; runs alternate, so that a busy machine slows both alike, and the run with the least CPU time counts.
Goals: packing efficiency of at least 98 %, tokens per second at least TRL's.
Units: share of the rows' tokens that is text; tokens of text per second of CPU time.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from slipway_local.functions.packages import Packages
from slipway_local.training import runtime

ROOT = Path(__file__).parents[1]
JOB = ROOT / "jobs" / "fine_tune"


def environment() -> dict[str, str]:
    """The variables of a contender: torch on its path, one thread, nothing downloaded."""
    folders = runtime.python_path(Packages(ROOT / ".slipway" / "cache"), (JOB / "requirements.txt").read_bytes())
    path = ":".join(map(str, [*folders, JOB, ROOT / "benchmarks"]))
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def measure(examples: int, steps: int, runs: int) -> dict[str, dict[str, float]]:
    """Return each contender's fastest run."""
    env = environment()
    found: dict[str, list[dict[str, float]]] = {"ours": [], "trl": []}
    with TemporaryDirectory() as base:
        make = ["fine_tune.tiny", base, "--hidden", "256", "--layers", "4"]
        subprocess.run([sys.executable, "-m", *make], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
        for _ in range(runs):
            for name, results in found.items():
                command = [sys.executable, "-m", "_fine_tune.contender", name, base, str(examples), str(steps)]
                done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
                if done.returncode:
                    sys.exit(done.stderr[-3000:])
                results.append(json.loads(done.stdout.splitlines()[-1]))
    return {name: max(results, key=lambda each: each["tokens_per_cpu_second"]) for name, results in found.items()}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--examples", type=int, default=4000, help="chats (default 4000)")
    parser.add_argument("--steps", type=int, default=20, help="steps that are timed (default 20)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender (default 3)")
    given = parser.parse_args()
    found = measure(given.examples, given.steps, given.runs)
    ratio = found["ours"]["tokens_per_cpu_second"] / found["trl"]["tokens_per_cpu_second"]
    if given.json:
        print(json.dumps({"load": os.getloadavg()[0], "ratio": ratio, **found}, indent=2))
        return
    for name, result in found.items():
        print(f"{name:5} {result['efficiency']:7.2%} full {result['tokens_per_cpu_second']:9,.0f} tokens/CPU-s")
    print(f"ours is {ratio:.2f} times TRL; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
