"""`slipway feedback`: what users said of answers, as training and evaluation sets, personal data redacted."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from slipway_cli.errors import CommandError
from slipway_cli.gateway import Gateway
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json
from slipway_cli.project import project
from slipway_cli.target import find_target
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.prepare.redact.redact import Redact

app = typer.Typer(help="Get what users said of answers.", no_args_is_help=True)
CLEANER = Redact(kinds=frozenset(("email", "phone", "ip", "card", "iban", "ssn", "aws_key", "secret")))
GOOD = 4  # of 5: an answer rated so is right


@app.command()
def export(
    training: Annotated[Path, typer.Option(help="JSONL of judgements, for `slipway dataset build --feedback`.")] = Path(
        "feedback.jsonl"
    ),
    evaluation: Annotated[
        Path | None, typer.Option(help="JSONL of questions with right answers, for `slipway rag-eval`.")
    ] = None,
    key: Annotated[str, typer.Option(envvar="SLIPWAY_KEY", help="The key of another tenant.")] = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Write feedback whose question and answer are kept (`metering.content_days`) as judgements and questions."""
    target = find_target(project(), env, aws=aws)
    gateway = Gateway(target.gateway_url, key or target.api_key)
    found = list(gateway.pages("/feedback"))
    told = [each for each in found if "content" in each]
    lineage = Lineage(
        client=target.client("dynamodb"),
        documents_table=target.parameter("foundation/documents-table-name"),
        rejects_table=target.parameter("foundation/rejects-table-name"),
    )
    judgements = [_judgement(lineage, each) for each in told]
    _write(training, judgements)
    questions = [question for each in judgements if (question := _question(each))]
    if evaluation:
        _write(evaluation, questions)
    counts = {"feedback": len(found), "judgements": len(judgements), "questions": len(questions)}
    if as_json:
        print_json(counts)
        return
    answers.print(f"{len(judgements)} judgement(s), {len(questions)} question(s)")
    if len(found) > len(told):
        people.print(f"{len(found) - len(told)} left out: question and answer are not kept (metering.content_days)")


def _judgement(lineage: Lineage, given: dict[str, Any]) -> dict[str, Any]:
    """A line of datasets/feedback.py; documents that are gone by now are not in it."""
    content = given["content"]
    records = [record for each in given["about"]["documents"] if (record := lineage.current(each))]
    return {
        "request": [{"role": each["role"], "content": _clean(each["content"])} for each in content["messages"]],
        "answer": _clean(content["answer"]),
        "rating": _stars(given),
        "correction": _clean(given.get("correction", "")),
        "documents": [record.document_id for record in records],
        "source_versions": [record.version_id for record in records],
        "rules": [record.rules for record in records],
        "group": given["about"]["group"],  # turns of one conversation are never parted
    }


def _question(judgement: dict[str, Any]) -> dict[str, Any] | None:
    """A question with an answer that is right: the correction, or an answer that was rated well."""
    right = judgement["correction"] or (judgement["answer"] if judgement["rating"] >= GOOD else "")
    asked = [each["content"] for each in judgement["request"] if each["role"] == "user"]
    return {"question": asked[-1], "answers": [right]} if right and asked else None


def _stars(given: dict[str, Any]) -> int:
    if given.get("rating"):
        return int(given["rating"])
    if given.get("thumbs"):
        return 5 if given["thumbs"] == "up" else 1
    return 1 if given.get("correction") else 3


def _clean(text: str) -> str:
    return CLEANER.fresh().rewrite(text)[0]


def _write(path: Path, lines: list[dict[str, Any]]) -> None:
    try:
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from error
