"""`slipway upgrade-check [OLD] [NEW]`: what deploying NEW over OLD would replace or delete."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from slipway_cli.options import AsJson, Format
from slipway_cli.output import people, print_json, print_lines
from slipway_cli.project import project
from slipway_cli.revisions import Source, synthesised
from slipway_cli.synth import run_app
from slipway_cli.templates import WITHOUT_BUNDLING, StackTemplate, read_templates
from slipway_cli.upgrades.baseline import baseline
from slipway_cli.upgrades.changes import changes
from slipway_cli.upgrades.report import as_json as report_json
from slipway_cli.upgrades.report import as_markdown, as_text
from slipway_cli.upgrades.verdict import Acknowledged, judge, read_acknowledged

Old = Annotated[
    str | None,
    typer.Argument(help="A cloud assembly's folder, or a git revision; left out: the last release, or main."),
]
New = Annotated[str | None, typer.Argument(help="The same; left out: this checkout as it is.")]


def upgrade_check(
    old: Old = None,
    new: New = None,
    env: Annotated[str | None, typer.Option("--env", help="Only this environment.", metavar="NAME")] = None,
    form: Format = "text",
    as_json: AsJson = False,
) -> None:
    """Say what deploying NEW over OLD does to each resource; data that would be lost fails the check.

    Exit code 1 if a stateful resource would be replaced, deleted or get another logical id, unless the environment's
    file acknowledges it with a reason and a date.
    """
    here = project()
    if old is None:
        found_base = baseline(here.root)
        people.print(f"Compared with {found_base.what}, {found_base.commit[:12]}.")
        old = found_base.commit
    before, _ = _read(here.root, old, env)
    after, acknowledged = _read(here.root, new, env)
    found = changes(before, after)
    verdict = judge(found, acknowledged)
    if as_json or form == "json":
        print_json(report_json(found, verdict))
    else:
        print_lines((as_markdown if form == "markdown" else as_text)(found, verdict))
    if verdict.failing:
        raise typer.Exit(1)


def _read(root: Path, source: str | None, environment: str | None) -> tuple[list[StackTemplate], Acknowledged]:
    """The templates of a source, and what its own config/ acknowledges; for an assembly, this checkout's."""
    with synthesised(root, source, environment) if source else _this_checkout(root, environment) as made:
        stacks = read_templates(made.assembly, environment)
        names = {stack.environment for stack in stacks} - {""}
        return stacks, read_acknowledged((made.root or root) / "config", names)


@contextmanager
def _this_checkout(root: Path, environment: str | None) -> Iterator[Source]:
    with TemporaryDirectory(prefix="slipway-") as folder:
        run_app(root, Path(folder), WITHOUT_BUNDLING | ({"env": environment} if environment else {}))
        yield Source(assembly=Path(folder), root=root)
