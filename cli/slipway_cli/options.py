"""The options that several commands share."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from slipway_cli.errors import UsageError

Environment = Annotated[str, typer.Option("--env", help="The environment, a file in config/.", metavar="NAME")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
InAws = Annotated[bool, typer.Option("--aws", help="In your AWS account, not in the local cloud.")]
JsonFile = Annotated[str, typer.Argument(help="A JSON file, - for standard input.", metavar="FILE")]
Why = Annotated[str, typer.Option(help="Why; it is kept with who and when.")]
Format = Annotated[
    Literal["text", "json", "markdown"], typer.Option("--format", help="text, json, or markdown for a pull request.")
]


def read_json(file: str) -> Any:
    """Return what a file holds, or standard input. Raises: UsageError if it is not JSON."""
    try:
        return json.loads(sys.stdin.read() if file == "-" else Path(file).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read as JSON: {error}") from error
