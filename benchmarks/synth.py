"""How long a synthesis takes beside an empty Python CDK app, and what bundling costs the second time.

    .venv/bin/python benchmarks/synth.py [--json] [--rounds 5]

Both apps run in turn as processes of their own, with the same Node, without the library's built-in validation and with
compiled Python files. Seconds are the least of the rounds: what another process took away is not counted. Beside their
ratio stands the median of the ratios within each round, which tells whether the machine was busy.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from operator import truediv
from pathlib import Path

import stacks  # noqa: F401 - settles which Node both apps run

ROOT = Path(__file__).resolve().parent.parent
EMPTY_APP = "import aws_cdk as cdk\napp = cdk.App()\ncdk.Stack(app, 'Empty')\napp.synth()\n"
RATIO_GOAL = 2.5
BUNDLING_GOAL = 1.05  # no cost but the noise of two measurements


def run(command: list[str], outdir: Path, context: dict[str, object]) -> tuple[float, float, str]:
    """Return the seconds and the processor's seconds that the app took, Node's included, and what it said."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "CDK_VALIDATION": "false",
        "CDK_OUTDIR": str(outdir),
        "CDK_CONTEXT_JSON": json.dumps(context),
    }
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, processor, done.stdout + done.stderr


def measure(rounds: int, folder: Path) -> list[dict[str, object]]:
    """Return the figures, each with its peer, ratio and goal."""
    empty_file = folder / "empty.py"
    empty_file.write_text(EMPTY_APP)
    apps = {
        "empty": ([sys.executable, str(empty_file)], {}),
        "dev": ([sys.executable, "app.py"], {"env": "dev"}),
        "dev_without_bundling": ([sys.executable, "app.py"], {"env": "dev", "aws:cdk:bundling-stacks": []}),
    }
    seconds: dict[str, list[float]] = {name: [] for name in apps}
    processor_seconds: dict[str, list[float]] = {name: [] for name in apps}
    bundled = 0
    for number in range(rounds + 1):
        for name, (command, context) in apps.items():
            took, processor, said = run(command, folder / name, context)
            if number > 0:  # the first round compiles, fills the caches and bundles
                seconds[name].append(took)
                processor_seconds[name].append(processor)
                bundled += said.count("Bundling asset")
    empty = "an empty Python CDK app"
    return [
        _figure("synthesis of dev, seconds", seconds["dev"], empty, seconds["empty"], RATIO_GOAL),
        _figure("the same, processor seconds", processor_seconds["dev"], empty, processor_seconds["empty"], RATIO_GOAL),
        {"figure": "layers bundled in a second run", "value": bundled, "goal": 0, "met": bundled == 0},
        _figure(
            "second synthesis with its layers, seconds",
            seconds["dev"],
            "the same with bundling switched off",
            seconds["dev_without_bundling"],
            BUNDLING_GOAL,
        ),
    ]


def _figure(name: str, values: list[float], peer: str, peer_values: list[float], goal: float) -> dict[str, object]:
    ratio = min(values) / min(peer_values)
    return {
        "figure": name,
        "value": round(min(values), 3),
        "peer": peer,
        "peer_value": round(min(peer_values), 3),
        "ratio": round(ratio, 2),
        "median_ratio": round(statistics.median(map(truediv, values, peer_values)), 2),
        "goal": goal,
        "met": ratio <= goal,
    }


def _sentence(figure: dict[str, object]) -> str:
    outcome = "met" if figure["met"] else "missed"
    if "peer" not in figure:
        return f"{figure['figure']}: {figure['value']}; goal {figure['goal']}: {outcome}"
    return (
        f"{figure['figure']}: {figure['value']}, {figure['peer']} {figure['peer_value']}; "
        f"ratio {figure['ratio']}, median of the rounds' ratios {figure['median_ratio']}; "
        f"goal at most {figure['goal']}: {outcome}"
    )


def main() -> None:
    """Measure and print; never fails for being slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count, after one that does not")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(arguments.rounds, Path(folder))
    print(json.dumps(figures, indent=2) if arguments.json else "\n".join(map(_sentence, figures)))


if __name__ == "__main__":
    main()
