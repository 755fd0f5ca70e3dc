"""Which changes fail an upgrade check: what loses something, unless the environment's file acknowledges it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from slipway_cli.errors import CommandError
from slipway_cli.upgrades.changes import Change
from stacks.settings_acknowledged import AcknowledgedChange

Acknowledged = dict[str, list[AcknowledgedChange]]


@dataclass(frozen=True)
class Verdict:
    """The changes that fail the check, those that are acknowledged with the reason, and acknowledgements of nothing."""

    failing: list[Change]
    acknowledged: list[tuple[Change, AcknowledgedChange]]
    stale: list[tuple[str, AcknowledgedChange]]


def read_acknowledged(config: Path, environments: set[str]) -> Acknowledged:
    """The section `acknowledged_changes` of each environment's file; an environment without a file has none.

    Only this section is read, so that the files of another revision can be.

    Raises: CommandError if an entry cannot be used.
    """
    found: Acknowledged = {}
    for name in sorted(environments):
        path = config / f"{name}.yaml"
        data: Any = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}
        try:
            entries = data.get("acknowledged_changes") or []
            found[name] = [AcknowledgedChange.model_validate(entry) for entry in entries]
        except ValidationError as error:
            raise CommandError(f"{path}: acknowledged_changes: {error}") from error
    return found


def judge(changes: list[Change], acknowledged: Acknowledged) -> Verdict:
    """Sort the changes that lose something by whether they are acknowledged, with their very effect."""
    failing, allowed = [], []
    used: set[tuple[str, str, str]] = set()
    for change in changes:
        if not change.loses:
            continue
        entries = acknowledged.get(change.environment, [])
        entry = next((e for e in entries if (e.resource, e.effect) == (change.name, change.effect)), None)
        if entry is None:
            failing.append(change)
        else:
            allowed.append((change, entry))
            used.add((change.environment, entry.resource, entry.effect))
    stale = [
        (environment, entry)
        for environment, entries in acknowledged.items()
        for entry in entries
        if (environment, entry.resource, entry.effect) not in used
    ]
    return Verdict(failing, allowed, stale)
