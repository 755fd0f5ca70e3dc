"""Reads and checks training sets (docs/datasets.md) before anything is paid for.

Source: https://huggingface.co/docs/trl/dataset_formats
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from slipway_runtime.train.refused import TrainingRefusedError

Kind = Literal["text", "messages", "prompt-completion", "preference"]
ROLES = {"system", "user", "assistant", "tool"}
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "preference": ("prompt", "chosen", "rejected"),
    "prompt-completion": ("prompt", "completion"),
    "messages": ("messages",),
    "text": ("text",),
}
ONE_ANSWER_EXAMPLES = 10  # fewer examples may well share their answer


@dataclass(frozen=True)
class Record:
    """One example: where it stands, and the columns that are learnt from."""

    place: str
    columns: dict[str, Any]


@dataclass(frozen=True)
class TrainingSet:
    """The examples of one channel, all of one kind; `sha256` is over the files' bytes in the order of their names."""

    kind: Kind
    records: list[Record]
    sha256: str


def read(folder: Path, *, max_duplicate_share: float = 1.0, judge_answers: bool = True) -> TrainingSet:
    """Return the examples of all `.jsonl` files in a channel.

    Raises: TrainingRefusedError, naming file and line, for what cannot be learnt from.
    """
    files = sorted(path for path in folder.rglob("*.jsonl") if path.is_file())
    if not files:
        raise TrainingRefusedError(f"The channel {folder.name!r} holds no .jsonl file", "Put train.jsonl there.")
    digest = hashlib.sha256()
    records: list[Record] = []
    kinds: dict[Kind, str] = {}
    for file in files:
        content = file.read_bytes()
        digest.update(content)
        for place, line in _lines(file.name, content):
            kind, record = _record(place, line)
            kinds.setdefault(kind, place)
            records.append(record)
    if not records:
        raise TrainingRefusedError(f"The channel {folder.name!r} holds no examples", "Build the dataset again.")
    if len(kinds) > 1:
        found = " and ".join(f"{kind} ({place})" for kind, place in kinds.items())
        raise TrainingRefusedError(f"The channel {folder.name!r} mixes {found}", "Give each kind a dataset of its own.")
    (kind,) = kinds
    _check_duplicates(records, max_duplicate_share)
    if judge_answers:
        _check_answers(kind, records)
    return TrainingSet(kind, records, digest.hexdigest())


def _lines(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            yield f"{name}:{number}", line


def _record(place: str, line: bytes) -> tuple[Kind, Record]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise TrainingRefusedError(f"{place} is not JSON ({error})", "Each line must be one JSON object.") from error
    if not isinstance(value, dict):
        raise TrainingRefusedError(f"{place} is a {type(value).__name__}", "Each line must be one JSON object.")
    for kind, names in COLUMNS.items():
        if all(name in value for name in names):
            columns = {name: _column(place, name, value[name]) for name in names}
            return kind, Record(place, columns)
    raise TrainingRefusedError(
        f"{place} has the columns {', '.join(sorted(value)) or 'none'}",
        "It needs text; or messages; or prompt and completion; or prompt, chosen and rejected.",
    )


def _column(place: str, name: str, value: Any) -> Any:
    if isinstance(value, str) and name != "messages":
        if not value.strip():
            raise TrainingRefusedError(f"{place}: {name} is empty", "Leave the line out, or fill it.")
        return value
    if not isinstance(value, list) or not value or name == "text":
        raise TrainingRefusedError(f"{place}: {name} has the wrong shape", "It must be a text or a list of messages.")
    for message in value:
        if not (isinstance(message, dict) and message.get("role") in ROLES and isinstance(message.get("content"), str)):
            raise TrainingRefusedError(
                f"{place}: {name} holds a message without role or content",
                f"A message is {{role, content}}, its role one of {', '.join(sorted(ROLES))}.",
            )
    if name != "prompt" and not any(each["role"] == "assistant" and each["content"].strip() for each in value):
        raise TrainingRefusedError(
            f"{place}: {name} has no assistant's words", "There is nothing to learn; leave it out."
        )
    return [{"role": each["role"], "content": each["content"]} for each in value]


def _check_duplicates(records: list[Record], max_share: float) -> None:
    seen: dict[str, str] = {}
    twice: list[tuple[str, str]] = []
    for record in records:
        key = json.dumps(record.columns, sort_keys=True)
        if key in seen:
            twice.append((record.place, seen[key]))
        seen.setdefault(key, record.place)
    if len(twice) > max_share * len(records):
        raise TrainingRefusedError(
            f"{len(twice)} of {len(records)} examples are equal to another, the first {twice[0][0]} to {twice[0][1]}",
            f"Remove them, or raise max_duplicate_share from {max_share}.",
        )


def _check_answers(kind: Kind, records: list[Record]) -> None:
    """Refuse a set of one class: all answers equal, or preferences without a difference."""
    if kind == "preference":
        for record in records:
            if record.columns["chosen"] == record.columns["rejected"]:
                raise TrainingRefusedError(f"{record.place}: chosen and rejected are equal", "Leave the line out.")
    answers = {_answer(kind, record.columns) for record in records}
    if kind != "text" and len(answers) == 1 and len(records) >= ONE_ANSWER_EXAMPLES:
        raise TrainingRefusedError(
            f"All {len(records)} examples have the same answer (one class)",
            "The model would learn to say nothing else; add examples with other answers.",
        )


def _answer(kind: Kind, columns: dict[str, Any]) -> str:
    last = columns[COLUMNS[kind][-1] if kind != "preference" else "chosen"]
    return last if isinstance(last, str) else str(last[-1]["content"])
