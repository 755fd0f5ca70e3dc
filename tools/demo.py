"""`make demo`: the platform end to end on this machine, on real documents.

Brings the dev environment up in the local cloud, ingests a folder of documents (the project's own docs unless --docs
names another), asks three questions, fine-tunes a tiny model and deploys it behind a canary where torch is there, and
prints what happened. Exit code 0 only if every step truly worked. Running it again is harmless: what is up stays up,
unchanged documents are not ingested twice, and no second model is trained or deployed.
"""

import argparse
import sys
import time
from typing import Any

from rich.markup import escape
from rich.table import Table

from slipway_cli import local
from slipway_cli.collect import collect
from slipway_cli.errors import CommandError
from slipway_cli.gateway import Gateway
from slipway_cli.ingest import IngestReport, ingest
from slipway_cli.output import answers, people
from slipway_cli.project import Project, project
from slipway_cli.target import Target, find_target
from tools import demo_deploy, demo_fine_tune

ENVIRONMENT = "dev"
# About the project's own documents: two that they answer, and one that they do not.
OWN_QUESTIONS = (
    ("What happens to a document that cannot be read?", True),
    ("How long do messages wait in the dead-letter queue?", True),
    ("How many moons does the planet Saturn have?", False),
)
NOT_FOUND = "refused: not in the documents"


def bring_up(here: Project, via: local.Via, *, enforce_iam: bool) -> Target:
    """The running dev environment."""
    local.bring_up(here, ENVIRONMENT, via, enforce_iam=enforce_iam)
    return find_target(here, ENVIRONMENT, aws=False)


def bring_in(target: Target, paths: list[str]) -> IngestReport:
    """Ingest the documents, all of which must become searchable or be rejected with a reason."""
    with people.status("Ingesting") as line:

        def step(description: str, total: int) -> Any:
            done = 0

            def advance(count: int) -> None:
                nonlocal done
                done += count
                line.update(f"{description} {done} of {total}")

            return advance

        report = ingest(target, collect(paths), patience_seconds=300, step=step)
    if not report.documents:
        raise CommandError(f"not one document became searchable; rejected: {report.rejected}")
    return report


def questions_about(paths: list[str], target: Target) -> list[tuple[str, bool]]:
    """Three questions: the project's own, or for a user's folder two about titles found there and one about neither."""
    if not paths:
        return list(OWN_QUESTIONS)
    gateway = Gateway(target.gateway_url, target.api_key)
    given = {item.path for item in collect(paths)}
    titles = [each["title"] for each in gateway.documents(status="indexed") if each["path"] in given and each["title"]]
    return [(f"What do the documents say about {title}?", True) for title in titles[:2]] + [OWN_QUESTIONS[2]]


def ask(target: Target, question: str) -> tuple[dict[str, Any], float]:
    """The gateway's answer, and the seconds it took."""
    started = time.monotonic()
    completion = Gateway(target.gateway_url, target.api_key).ask(question, model="default")
    return completion, time.monotonic() - started


def show_answer(question: str, completion: dict[str, Any], seconds: float) -> None:
    """Print one question with its answer and citations."""
    answers.print(f"\n[bold]{escape(question)}[/bold]  [dim]({seconds:.1f} s)[/dim]")
    answers.print(escape(completion["choices"][0]["message"]["content"]))
    for number, citation in enumerate(completion["slipway"]["citations"], 1):
        place = f"{citation['document']} › {citation['location']}"
        answers.print(f"  [dim]\\[{number}] {escape(place)}  score {citation['score']:.2f}[/dim]")


def ask_all(target: Target, paths: list[str]) -> list[tuple[str, float, str]]:
    """Ask the questions and show the answers; the steps for the table.

    Raises: CommandError if the answers do not prove that the platform works.
    """
    steps: list[tuple[str, float, str]] = []
    outcomes: list[tuple[str, bool, bool]] = []
    for question, expected in questions_about(paths, target):
        completion, seconds = ask(target, question)
        show_answer(question, completion, seconds)
        cited = len(completion["slipway"]["citations"]) if completion["slipway"]["grounded"] else 0
        outcomes.append((question, expected, cited > 0))
        steps.append((f"asked: {question}", seconds, f"{cited} citations" if cited else NOT_FOUND))
    if problem := failure(outcomes, own=not paths):
        raise CommandError(problem)
    return steps


def failure(outcomes: list[tuple[str, bool, bool]], *, own: bool) -> str | None:
    """What is wrong with the outcomes (question, whether an answer was expected, whether one was cited), or None.

    The project's own documents must answer as expected. In a folder that nobody knows a question may rightly find
    nothing, but one at least must be answered from it.
    """
    wrong = [question for question, expected, cited in outcomes if cited != expected and (own or not expected)]
    if wrong:
        return f"answered in the wrong way: {wrong}"
    if not any(cited for _, _, cited in outcomes):
        return (
            "not one answer was grounded in the documents and cited. Look at what was indexed (`.venv/bin/slipway "
            "documents`), ask a question of your own about it (`.venv/bin/slipway ask '…'`), and if that finds nothing "
            "either, lower retrieval.min_score in config/dev.yaml"
        )
    return None


def main() -> None:
    """Run the demo; exits 1 with the reason if a step did not work."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--docs", help="a folder of documents to ingest instead of the project's own")
    parser.add_argument("--enforce-iam", action="store_true", help="deny each call that a role's policies do not allow")
    parser.add_argument(
        "--via", type=local.Via, choices=list(local.Via), default=local.Via.DIRECT,
        help="deploy directly (fast), or by the real CDK CLI (a minute)",
    )  # fmt: skip
    given = parser.parse_args()
    own = given.docs
    here = project()
    paths = [own] if own else []
    steps: list[tuple[str, float, str]] = []
    try:
        started = time.monotonic()
        target = bring_up(here, given.via, enforce_iam=given.enforce_iam)
        steps.append(("environment up", time.monotonic() - started, target.gateway_url))
        report = bring_in(target, paths or [str(here.root / "docs"), str(here.root / "README.md")])
        detail = f"{report.documents} documents, {report.chunks} chunks, {len(report.rejected)} rejected"
        steps.append(("documents in", report.seconds, f"{detail}, {report.duplicates} already there"))
        steps += ask_all(target, paths)
        with people.status("Fine-tuning a tiny model"):
            steps.append(demo_fine_tune.step(here, target))
        steps.append(demo_deploy.step(here, target))
    except CommandError as error:
        people.print(f"[red]make demo:[/red] {escape(str(error))}")
        sys.exit(1)
    report_all(here, steps, report)


def report_all(here: Project, steps: list[tuple[str, float, str]], report: IngestReport) -> None:
    """Print the table of steps and what stands in for AWS."""
    table = Table("step", "seconds", "result", title="Slipway on this machine")
    for name, seconds, result in steps:
        table.add_row(escape(name), f"{seconds:.1f}", escape(result))
    answers.print()
    answers.print(table)
    for item in report.rejected:
        answers.print(f"  rejected {escape(item['object'])}: {escape(item['reason'])}", style="yellow")
    status = local.describe(here, ENVIRONMENT)
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in status["resources"].items())
    answers.print(
        f"Emulated: {counts} resources. `slipway local status` lists them, and how all this differs from AWS."
    )
    answers.print("Still up: ask on with `.venv/bin/slipway ask '…'`; stop with `.venv/bin/slipway local down`.")


if __name__ == "__main__":
    main()
