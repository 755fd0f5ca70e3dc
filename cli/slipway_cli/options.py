"""The options that several commands share."""

from typing import Annotated, Literal

import typer

Environment = Annotated[str, typer.Option("--env", help="The environment, a file in config/.", metavar="NAME")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
InAws = Annotated[bool, typer.Option("--aws", help="In your AWS account, not in the local cloud.")]
Format = Annotated[
    Literal["text", "json", "markdown"], typer.Option("--format", help="text, json, or markdown for a pull request.")
]
