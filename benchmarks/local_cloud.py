"""How long the local cloud takes to be up with dev, to see that nothing changed, and what it holds in memory when idle:
after that, and again after the work of `make demo`.

    .venv/bin/python benchmarks/local_cloud.py [--json] [--rounds 3] [--cdk]

dev is synthesised once, before the clock starts, and its functions' packages are in the cache after a first round that
does not count. Memory is the proportional set size of the daemon and all its children: pages that PostgreSQL's
processes share are counted once. `--cdk` also times the CDK CLI, which the direct path is compared to.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from slipway_cli import cdk
from slipway_cli.collect import collect
from slipway_cli.gateway import Gateway
from slipway_cli.ingest import ingest
from slipway_cli.project import Project, project
from slipway_cli.synth import synthesise
from slipway_cli.target import find_target
from slipway_local import cloud

ENVIRONMENT = "dev"
QUESTIONS = ("What happens to a document that cannot be read?", "How long do messages wait in the dead-letter queue?")
IDLE_SECONDS = 20.0  # the state is written and memory given back within ten; functions stay warm for five minutes
UP_GOAL_SECONDS = 10.0
UNCHANGED_GOAL_SECONDS = 1.0
MEMORY_GOAL_MIB = 1024.0


def seconds(work: Callable[[], object]) -> float:
    """Return how long the work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def print_nothing(line: str) -> None:
    """Drop a line of the CDK CLI."""


def _daemon(state: Path) -> int:
    return int((state / "daemon.lock").read_text())


def _family(state: Path) -> set[int]:
    """Return the process ids of the daemon and its descendants."""
    family = {_daemon(state)}
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        fields = path.read_text().rsplit(")", 1)[1].split()
        parents[int(path.parent.name)] = int(fields[1])
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def processor_seconds(state: Path) -> float:
    """Return what the daemon and its descendants, the ended ones too, have taken of the processors."""
    ticks = 0
    for process in _family(state):
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mib(processes: Iterable[int]) -> float:
    """Return the proportional set size of processes, in MiB."""
    kib = 0
    for process in processes:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        kib += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kib / 1024


def after_work(here: Project, state: Path) -> tuple[float, float]:
    """Do what `make demo` does, and return the memory of the daemon alone and of all, in MiB, when it is idle again."""
    target = find_target(here, ENVIRONMENT, aws=False)
    documents = collect([str(here.root / "docs"), str(here.root / "README.md")])
    ingest(target, documents, patience_seconds=300, step=lambda *_: lambda _: None)
    gateway = Gateway(target.gateway_url, target.api_key)
    for question in QUESTIONS:
        gateway.ask(question, model="default")
    time.sleep(IDLE_SECONDS)
    return memory_mib([_daemon(state)]), memory_mib(_family(state))


def measure(rounds: int, *, with_cdk: bool, home: Path) -> list[dict[str, object]]:
    """Return the figures, each with its peer, ratio and goal."""
    here = Project(root=project().root, home=home)
    assembly = synthesise(here, ENVIRONMENT)
    state = here.state(ENVIRONMENT)

    def up() -> None:
        cloud.up(assembly, state, environment=ENVIRONMENT, cache=here.cache)

    fresh, processor, unchanged, memory, by_cdk = [], [], [], [], []
    for number in range(rounds + 1):
        took = seconds(up)
        if number > 0:
            fresh.append(took)
            processor.append(processor_seconds(state))
            unchanged.append(seconds(up))
            memory.append(memory_mib(_family(state)))
        if number == rounds:
            alone, together = after_work(here, state)
        cloud.down(state)
    if with_cdk:
        endpoint_url = cloud.start(assembly, state, environment="dev", cache=here.cache)
        where = cdk.variables(endpoint_url, cloud.credentials(state))
        by_cdk.append(seconds(lambda: cdk.deploy(here, assembly, where, print_nothing)))
        cloud.down(state)
    peer = ("the CDK CLI: bootstrap and deploy, seconds", min(by_cdk)) if by_cdk else None
    return [
        _figure("up with dev, already synthesised, seconds", min(fresh), UP_GOAL_SECONDS, peer),
        _figure("the same, processor seconds of the daemon and its children", min(processor), UP_GOAL_SECONDS, None),
        _figure("up again with nothing changed, seconds", min(unchanged), UNCHANGED_GOAL_SECONDS,
                ("the first up, seconds", min(fresh))),
        _figure("idle memory of the daemon and its children, MiB", max(memory), MEMORY_GOAL_MIB, None),
        _figure("idle memory of the daemon after the demo's documents and questions, MiB", alone, MEMORY_GOAL_MIB,
                ("before them, with its children, MiB", max(memory))),
        _figure("the same with its children, warm functions included, MiB", together, MEMORY_GOAL_MIB, None),
    ]  # fmt: skip


def _figure(name: str, value: float, goal: float, peer: tuple[str, float] | None) -> dict[str, object]:
    figure: dict[str, object] = {"figure": name, "value": round(value, 3), "goal": goal, "met": value < goal}
    if peer:
        figure |= {"peer": peer[0], "peer_value": round(peer[1], 3), "ratio": round(value / peer[1], 3)}
    return figure


def _sentence(figure: dict[str, object]) -> str:
    outcome = "met" if figure["met"] else "missed"
    peer = f"; {figure['peer']} {figure['peer_value']}, ratio {figure['ratio']}" if "peer" in figure else ""
    return f"{figure['figure']}: {figure['value']}{peer}; goal under {figure['goal']}: {outcome}"


def main() -> None:
    """Measure and print; never fails for being slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--rounds", type=int, default=3, help="rounds that count, after one that does not")
    parser.add_argument("--cdk", action="store_true", help="time the CDK CLI too, which takes a minute")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(arguments.rounds, with_cdk=arguments.cdk, home=Path(folder))
    print(json.dumps(figures, indent=2) if arguments.json else "\n".join(map(_sentence, figures)))


if __name__ == "__main__":
    main()
