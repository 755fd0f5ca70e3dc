"""`slipway dataset`: training sets."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape

from slipway_cli.dataset_store import SPLITS, Datasets
from slipway_cli.dataset_store import build as run_build
from slipway_cli.errors import UsageError
from slipway_cli.executions import made_up
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json, progress
from slipway_cli.project import project
from slipway_cli.target import find_target

app = typer.Typer(help="Build training sets, and see what they are made of.", no_args_is_help=True)
Prefixes = list[str] | None


class Kind(StrEnum):
    """What a line holds."""

    TEXT = "text"
    MESSAGES = "messages"
    PROMPT_COMPLETION = "prompt-completion"


class GroupBy(StrEnum):
    """What must not be parted."""

    DOCUMENT = "document"
    NEAR_DUPLICATES = "near-duplicates"


@app.command()
def build(
    name: Annotated[str, typer.Argument(help="The dataset's name: a-z, 0-9 and '-'.")],
    kind: Annotated[Kind, typer.Option(help="What a line holds.")] = Kind.MESSAGES,
    documents: Annotated[Prefixes, typer.Option(help="Curated documents: TENANT/ or TENANT/PATH.")] = None,
    corpus: Annotated[Prefixes, typer.Option(help="Runs over the corpus: source=TENANT/date=DATE/run=RUN/.")] = None,
    examples: Annotated[Prefixes, typer.Option(help="JSONL of examples in the artifacts bucket, by prefix.")] = None,
    feedback: Annotated[Prefixes, typer.Option(help="JSONL of feedback in the artifacts bucket, by prefix.")] = None,
    evaluation: Annotated[Prefixes, typer.Option(help="Evaluation sets to keep out, by prefix.")] = None,
    split: Annotated[str, typer.Option(help="Per cent of train, validation and test.")] = "90/5/5",
    seed: Annotated[int, typer.Option(help="Another seed, another split.")] = 0,
    group_by: Annotated[GroupBy, typer.Option(help="What must not be parted.")] = GroupBy.NEAR_DUPLICATES,
    ngram_words: Annotated[int, typer.Option(help="Words that an example may not share with an evaluation item.")] = 13,
    min_rating: Annotated[int, typer.Option(help="Feedback rated lower needs a correction, 1 to 5.")] = 4,
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Build a training set and wait for it. Equal sources and settings give the same version, byte for byte.

    Exit code 1 if the build fails. What is running goes on when this command is interrupted.
    """
    recipe: dict[str, Any] = {
        "name": name,
        "kind": kind.value,
        "documents": documents or [],
        "corpus": corpus or [],
        "examples": examples or [],
        "feedback": feedback or [],
        "split": _shares(split),
        "seed": seed,
        "group_by": group_by.value,
        "evaluation_sets": evaluation or ["evaluation-sets/"],
        "ngram_words": ngram_words,
        "min_rating": min_rating,
    }
    target = find_target(project(), env, aws=aws)
    with progress() as bar:
        bar.add_task(f"building {name}", total=None)
        result = run_build(target, recipe, made_up(name[:40]))
    print_json(result) if as_json else _show_result(result)


def _shares(split: str) -> dict[str, float]:
    """Return the shares of a split like 90/5/5. Raises: UsageError."""
    parts = split.split("/")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) != len(SPLITS) or abs(sum(numbers) - 100) > 1e-6 or min(numbers) < 0:
        raise UsageError(f"--split is {split!r}; write three per cent that add up to 100, like 90/5/5")
    train, validation, test = (number / 100 for number in numbers)
    return {"train": train, "validation": validation, "test": test}


def _show_result(result: dict[str, Any]) -> None:
    counts = ", ".join(f"{result['splits'].get(name, 0)} {name}" for name in SPLITS)
    answers.print(f"{result['name']} {result['version']}: {result['seen']} seen; {counts}", highlight=False)
    for code, number in result["rejects"].items():
        answers.print(f"  {number} {code}", style="yellow")
    for warning in result["warnings"]:
        people.print(f"[yellow]warning:[/yellow] {escape(warning)}")


@app.command("list")
def list_datasets(env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """List the datasets, newest first."""
    cards = Datasets(find_target(project(), env, aws=aws)).cards()
    if as_json:
        print_json(cards)
        return
    answers.print(f"name  version  {' / '.join(SPLITS)}  written", style="dim")
    for card in cards:
        counts = " / ".join(str(card["splits"].get(name, 0)) for name in SPLITS)
        answers.print(f"{card['recipe']['name']}  {card['version']}  {counts}  [dim]{card['written_at']}[/dim]")
    people.print(f"{len(cards)} dataset version(s)")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The dataset's name.")],
    version: Annotated[str, typer.Argument(help="A version; left out: the newest.")] = "",
    example: Annotated[str, typer.Option(help="One line, by its example_id, with the objects behind it.")] = "",
    env: Environment = "dev",
    aws: InAws = False,
    as_json: AsJson = False,
) -> None:
    """Show a dataset's card, or where one of its examples came from."""
    datasets = Datasets(find_target(project(), env, aws=aws))
    card = datasets.card(name, version)
    if example:
        found = datasets.example(card, example)
        print_json(found) if as_json else _show_example(found)
    elif as_json:
        print_json(card)
    else:
        answers.print(escape(datasets.markdown(card)), end="")
        if card["erasures"]:
            people.print("[yellow]warning:[/yellow] lines were erased since, as their documents were deleted.")


def _show_example(found: dict[str, Any]) -> None:
    answers.print(f"{found['example_id']}  {found['split']}, {found['origin']}, group {found['group']}")
    for source in found["sources"]:
        where = f"s3://{source['bucket']}/{source['key']}" if "key" in source else "not in the documents table"
        answers.print(f"  {source['document_id']}  {escape(where)}")
        answers.print(f"    version {source['source_version']}, rules {source['rules']}", style="dim")
