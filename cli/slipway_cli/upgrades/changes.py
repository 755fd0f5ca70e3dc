"""Every change of every resource between two sets of templates, and which of them lose something."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slipway_cli.templates import Resources, StackTemplate
from slipway_cli.upgrades.classify import REPLACING, Classified, Effect, classify, replaced_with
from slipway_cli.upgrades.stateful import what_is_lost

LOSING = (*REPLACING, Effect.RENAMED, Effect.DELETION)


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to one resource. `loses`: what is in it that would be gone; empty if nothing."""

    stack: str
    environment: str
    resource: str
    type: str
    effect: Effect
    because: tuple[str, ...]
    loses: str = ""
    kept: bool = False

    @property
    def name(self) -> str:
        """How an environment file names the resource: `<part>/<logical id>`."""
        return f"{self.stack.rsplit('-', 1)[-1]}/{self.resource}"


def changes(old: list[StackTemplate], new: list[StackTemplate]) -> list[Change]:
    """The changes of all stacks, worst first within each stack. A stack that is gone deletes all that is in it."""
    before, after = ({stack.name: stack for stack in stacks} for stacks in (old, new))
    found: list[Change] = []
    for name, stack in {**before, **after}.items():
        was = before[name].resources if name in before else {}
        becomes = after[name].resources if name in after else {}
        found += sorted(_of_stack(stack, was, becomes), key=lambda change: -list(Effect).index(change.effect))
    return found


def _of_stack(stack: StackTemplate, was: Resources, becomes: Resources) -> Iterator[Change]:
    verdicts = {name: classify(was[name], becomes[name], stack.region) for name in was.keys() & becomes.keys()}
    _cascade(verdicts, becomes, stack.region)
    for name, verdict in verdicts.items():
        if verdict:
            yield _change(stack, name, was[name], verdict, policy="UpdateReplacePolicy")
    gone = [name for name in was if name not in becomes]
    added = [name for name in becomes if name not in was]
    for name in gone:
        twin = next((other for other in added if _is_twin(was[name], becomes[other])), None)
        verdict = Classified(Effect.RENAMED, (f"now {twin}",)) if twin else Classified(Effect.DELETION, ("not there",))
        if twin:
            added.remove(twin)
        yield _change(stack, name, was[name], verdict, policy="DeletionPolicy")
    for name in added:
        yield _change(stack, name, becomes[name], Classified(Effect.ADDED, ()), policy="")


def _cascade(verdicts: dict[str, Classified | None], resources: Resources, region: str) -> None:
    """Mark as replaced what names a replaced resource in a property that cannot be updated, until no more follow."""
    replaced = {name for name, verdict in verdicts.items() if verdict and verdict.effect is Effect.REPLACEMENT}
    fresh = replaced
    while fresh:
        fresh = set()
        for name in verdicts.keys() - replaced:
            if cause := replaced_with(resources[name], replaced, region):
                verdicts[name] = Classified(Effect.REPLACEMENT, (f"names {cause}, which is replaced",))
                fresh.add(name)
        replaced = replaced | fresh


def _is_twin(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return old["Type"] == new["Type"] and old.get("Properties") == new.get("Properties")


def _change(stack: StackTemplate, name: str, resource: dict[str, Any], verdict: Classified, policy: str) -> Change:
    return Change(
        stack=stack.name,
        environment=stack.environment,
        resource=name,
        type=resource["Type"],
        effect=verdict.effect,
        because=verdict.because,
        loses=what_is_lost(resource) if verdict.effect in LOSING else "",
        kept=resource.get(policy) in ("Retain", "RetainExceptOnCreate", "Snapshot"),
    )
