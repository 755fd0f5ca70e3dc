"""The end of a run: duplicates of all its documents' items go, and the books are added up."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.prepare.augment.books import Spent, Tally
from slipway_runtime.prepare.augment.outcome import Item, Outcome
from slipway_runtime.prepare.augment.plan import Plan


class Report(msgspec.Struct, kw_only=True):
    """What a run did. `documents`: planned = done + failed + the refused, by code.

    `over_budget`, `over_limit`: documents that were not planned; `unasked`: what planned ones could not pay for.
    `complete`: nothing failed and nothing was left out for want of budget.
    """

    run_id: str
    prefix: str
    planned: int
    done: int
    failed: int
    refused: dict[str, int]
    over_budget: int
    over_limit: int
    tallies: dict[str, Tally]
    spent: Spent
    labels: dict[str, int]

    @property
    def balanced(self) -> bool:
        """Return whether every document and everything asked for is accounted for once."""
        documents = self.planned == self.done + self.failed + sum(self.refused.values())
        return documents and all(tally.balanced for tally in self.tallies.values())

    def shown(self) -> dict[str, Any]:
        """Return the report as it is written and returned."""
        complete = not (self.failed or self.over_budget or self.spent.unasked)
        facts: dict[str, Any] = msgspec.to_builtins(self)
        return facts | {"complete": complete, "balanced": self.balanced}


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a run leaves: lines of JSONL, and the report."""

    examples: list[bytes]
    labels: list[bytes]
    rejects: list[bytes]
    report: Report


def finish(run_id: str, prefix: str, planned: Plan, outcomes: Iterable[Outcome]) -> Results:
    """Return the results of a run from what became of its documents, in the order of their keys.

    Of items that repeat each other, or nearly, the first is kept, whichever document was done first.
    """
    found = sorted(outcomes, key=lambda each: each.key)
    tallies: dict[str, Tally] = {}
    spent, labels = Spent(), Counter[str]()
    for outcome in found:
        spent.add(outcome.spent)
        for kind, tally in outcome.tallies.items():
            tallies.setdefault(kind, Tally()).add(tally)
        labels.update(outcome.labels.counts() if outcome.labels else {})
    kept = _without_duplicates([item for outcome in found for item in outcome.items], tallies)
    refused = Counter(outcome.refused.code for outcome in found if outcome.refused)
    report = Report(
        run_id=run_id,
        prefix=prefix,
        planned=len(planned.items),
        done=len(found) - refused.total(),
        failed=len(planned.items) - len(found),
        refused=dict(sorted(refused.items())),
        over_budget=planned.over_budget,
        over_limit=planned.over_limit,
        tallies=dict(sorted(tallies.items())),
        spent=spent,
        labels=dict(sorted(labels.items())),
    )
    return Results(
        examples=[item.example.line() for item in kept],
        labels=[outcome.labels.line() for outcome in found if outcome.labels],
        rejects=[
            msgspec.json.encode(reject, order="sorted") + b"\n" for outcome in found for reject in outcome.rejects
        ],
        report=report,
    )


def _without_duplicates(items: list[Item], tallies: dict[str, Tally]) -> list[Item]:
    from slipway_runtime.prepare.duplicates.clusters import find_duplicates  # noqa: PLC0415 - numpy, only here

    repeated = {each.document for each in find_duplicates([item.example.content() for item in items])}
    for at in repeated:
        tally = tallies[items[at].kind]
        tally.kept, tally.duplicates = tally.kept - 1, tally.duplicates + 1
    return [item for at, item in enumerate(items) if at not in repeated]
