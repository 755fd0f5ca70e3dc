"""An upgrade check as text, as JSON, and as Markdown for a pull request."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from slipway_cli.upgrades.changes import Change
from slipway_cli.upgrades.classify import Effect
from slipway_cli.upgrades.verdict import Verdict

QUIET = (Effect.ADDED, Effect.NO_INTERRUPTION)
MOST_CAUSES = 6


def as_json(changes: list[Change], verdict: Verdict) -> dict[str, Any]:
    """`changes`: all of them; `failing`, `acknowledged`, `stale`: names with what is known of them."""
    return {
        "ok": not verdict.failing,
        "counts": dict(Counter(str(change.effect) for change in changes)),
        "changes": [_row(change) for change in changes],
        "failing": [_row(change) for change in verdict.failing],
        "acknowledged": [
            {**_row(change), "reason": entry.reason, "date": entry.date} for change, entry in verdict.acknowledged
        ],
        "stale": [{"environment": name, **entry.model_dump()} for name, entry in verdict.stale],
    }


def as_text(changes: list[Change], verdict: Verdict) -> Iterator[str]:
    """Yield a line for each change that does more than nothing, then the counts and what fails."""
    for change in changes:
        if change.effect not in QUIET:
            yield f"{change.stack}: {change.resource} ({change.type}): {change.effect}: {_causes(change)}"
    yield _counts(changes)
    yield from _findings(verdict)


def as_markdown(changes: list[Change], verdict: Verdict) -> Iterator[str]:
    """Yield a table of the changes that do more than nothing, then the counts and what fails."""
    yield f"### Upgrade check: {'**fails**' if verdict.failing else 'passes'}"
    yield ""
    shown = [change for change in changes if change.effect not in QUIET]
    if shown:
        yield "| stack | resource | type | effect | because |"
        yield "|---|---|---|---|---|"
    for change in shown:
        cells = (change.stack, f"`{change.resource}`", change.type, str(change.effect), _causes(change))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""
    yield _counts(changes)
    for line in _findings(verdict):
        yield f"- {line}"


def _findings(verdict: Verdict) -> Iterator[str]:
    for change in verdict.failing:
        fate = "what is deployed stays in the account, out of the stack" if change.kept else "what it holds is lost"
        yield (
            f"FAIL {change.stack}: {change.effect} of {change.resource} ({change.type}: {change.loses}); {fate}. "
            f"Undo it, or acknowledge it in config/{change.environment}.yaml under acknowledged_changes: "
            f'{{resource: {change.name}, effect: {change.effect}, reason: "…", date: "YYYY-MM-DD"}}'
        )
    for change, entry in verdict.acknowledged:
        yield f"acknowledged {change.name}: {change.effect}, {entry.date}: {entry.reason}"
    for environment, entry in verdict.stale:
        yield (
            f"warning: config/{environment}.yaml acknowledges the {entry.effect} of {entry.resource}, which is not "
            "among these changes: remove it once it is deployed"
        )


def _counts(changes: list[Change]) -> str:
    counts = Counter(change.effect for change in changes)
    return ", ".join(f"{counts[effect]} {effect}" for effect in Effect if counts[effect]) or "nothing changes"


def _causes(change: Change) -> str:
    more = len(change.because) - MOST_CAUSES
    return ", ".join(change.because[:MOST_CAUSES]) + (f" and {more} more" if more > 0 else "")


def _row(change: Change) -> dict[str, Any]:
    return {
        "environment": change.environment,
        "stack": change.stack,
        "resource": change.resource,
        "name": change.name,
        "type": change.type,
        "effect": str(change.effect),
        "because": list(change.because),
        "loses": change.loses,
        "kept": change.kept,
    }
