"""The lines of a bill: what each resource of the templates costs when idle, and what stated usage adds."""

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from slipway_cli.costs.idle import RULES
from slipway_cli.costs.meters import METERS
from slipway_cli.costs.prices import FREE, HERE, free_types, price_of
from slipway_cli.costs.usage import Usage
from slipway_cli.errors import CommandError, UsageError
from slipway_cli.templates import StackTemplate

IDLE, USE = "idle", "usage"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line. `free_units` of the `units` are within what an account has free; `tenant_class` for usage only."""

    stack: str
    part: str
    resource: str
    type: str
    key: str
    units: float
    basis: str
    free_units: float = 0
    tenant_class: str = ""

    @property
    def usd(self) -> float:
        """US dollars a month, without what is free."""
        return (self.units - self.free_units) * price_of(self.key).usd


def idle_items(stacks: list[StackTemplate]) -> Iterator[Item]:
    """Yield what is charged by time.

    Raises: CommandError that names the type and the file to edit for a type that is neither priced nor listed as free.
    """
    for stack in stacks:
        for name, resource in stack.resources.items():
            kind = resource["Type"]
            _require_known(kind, f"{stack.name}/{name}")
            if kind in RULES:
                for key, units in RULES[kind](resource.get("Properties", {}), stack.resources):
                    if units:
                        price_of(key)
                        yield Item(
                            stack=stack.name,
                            part=stack.part,
                            resource=name,
                            type=kind,
                            key=key,
                            units=units,
                            basis=IDLE,
                        )


def usage_items(stacks: list[StackTemplate], usage: Usage) -> Iterator[Item]:
    """Yield what the usage adds, on the stack that has the meter.

    Raises: UsageError for a key that no resource has, or that several stacks have and the file does not say which.
    """
    for name, group in usage.classes.items():
        for key, each in group.each.items():
            stack, resource, kind = _metered(stacks, key)
            yield Item(
                stack=stack.name, part=stack.part, resource=resource, type=kind, key=key.rsplit("/", 1)[-1],
                units=each * group.tenants, basis=USE, tenant_class=name,
            )  # fmt: skip


def with_free_units(items: Iterable[Item]) -> list[Item]:
    """The items with what an account has free each month taken off, from the first ones on."""
    left: dict[str, float] = {}
    found = []
    for item in items:
        free = min(item.units, left.setdefault(item.key, price_of(item.key).free_per_month))
        left[item.key] -= free
        found.append(dataclasses.replace(item, free_units=free))
    return found


def _require_known(kind: str, where: str) -> None:
    known = kind in RULES or kind in METERS or kind in free_types() or kind.startswith("Custom::")
    if not known and kind != "AWS::CloudFormation::CustomResource":
        raise CommandError(
            f"{where}: it is not known what {kind} costs. Give it a rule in {HERE / 'idle.py'} or meters in "
            f"{HERE / 'meters.py'} with prices in {HERE / 'prices.csv'}, or a reason why it is free in {FREE}"
        )


def _metered(stacks: list[StackTemplate], key: str) -> tuple[StackTemplate, str, str]:
    part, _, meter = key.rpartition("/")
    found = {
        stack.name: (stack, name, resource["Type"])
        for stack in stacks
        for name, resource in stack.resources.items()
        if meter in METERS.get(resource["Type"], ()) and part in ("", stack.part)
    }
    if not found:
        raise UsageError(f"usage of {key!r}: no resource of this environment is charged by it")
    if len(found) > 1:
        parts = ", ".join(f"{stack.part}/{meter}" for stack, *_ in found.values())
        raise UsageError(f"usage of {key!r}: several stacks have it; write one of {parts}")
    return next(iter(found.values()))
