"""What a change does to what is deployed, as one comment for its pull request: upgrade check, cost, preflight.

    .venv/bin/python -m tools.change_report main > report.md

Compares the commit or branch that is named with this checkout, for every environment in config/. Exit code 1 if data
would be lost without an acknowledgement, or if a deployment would fail.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from slipway_cli.project import project

Ran = tuple[str, int]


def report(base: str, environments: list[str]) -> tuple[str, bool]:
    """Return the comment, and whether everything in it is well."""
    upgrade = _slipway("upgrade-check", base, "--format", "markdown")
    costs = [(name, _slipway("cost", "--env", name, "--diff", base, "--format", "markdown")) for name in environments]
    checks = [(name, _slipway("preflight", "--env", name)) for name in environments]
    well = all(code == 0 for _, code in (upgrade, *(ran for _, ran in costs), *(ran for _, ran in checks)))
    return "\n".join(_lines(base, upgrade, costs, checks)), well


def _lines(base: str, upgrade: Ran, costs: list[tuple[str, Ran]], checks: list[tuple[str, Ran]]) -> Iterator[str]:
    yield f"## What this change does to what is deployed\nCompared with {base[:12]}.\n"
    yield f"### {_mark(upgrade)} Upgrade\n\n{upgrade[0]}"
    for name, ran in costs:
        yield f"<details><summary>{_mark(ran)} Cost of {name}</summary>\n\n{ran[0]}\n</details>"
    for name, ran in checks:
        yield f"<details><summary>{_mark(ran)} Preflight of {name}</summary>\n\n```\n{ran[0]}\n```\n</details>"


def _mark(ran: Ran) -> str:
    return "✅" if ran[1] == 0 else "❌"


def _slipway(*arguments: str) -> Ran:
    command = [str(Path(sys.executable).with_name("slipway")), *arguments]
    run = subprocess.run(command, cwd=project().root, capture_output=True, text=True, check=False)
    return (run.stdout.strip() + ("" if run.returncode == 0 else f"\n{run.stderr.strip()}")).strip(), run.returncode


def main() -> None:
    """Print the comment; exits 1 if something in it is not well, 2 for wrong usage."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    text, well = report(sys.argv[1], project().environments())
    print(text)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
