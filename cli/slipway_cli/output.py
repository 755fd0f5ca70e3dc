"""What every command prints with: tables and progress for people on stderr, one JSON document for scripts on stdout."""

import json
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

people = Console(stderr=True, highlight=False, soft_wrap=True)
answers = Console(highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Write one JSON document and a newline to stdout, and nothing else."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Write lines to stdout as they are, for people and for pull requests."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def progress() -> Progress:
    """A progress bar on stderr, which vanishes when done; on something that is not a terminal it prints nothing."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=people,
        transient=True,
    )
