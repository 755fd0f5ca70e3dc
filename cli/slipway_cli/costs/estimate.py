"""A bill: the lines, their sums by stack, feature and class of tenants, and how it differs from another bill."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from slipway_cli.costs.items import IDLE, Item, idle_items, usage_items, with_free_units
from slipway_cli.costs.meters import METERS
from slipway_cli.costs.prices import REGION, price_of, priced_on
from slipway_cli.costs.usage import Usage
from slipway_cli.templates import StackTemplate

# What people buy, by the stacks that make it; a part that is not here is a feature of its own.
FEATURES = {
    **dict.fromkeys(("foundation", "network"), "platform"),
    **dict.fromkeys(("retrieval", "knowledge", "reindex"), "search"),
    **dict.fromkeys(("ingestion", "corpus", "deletion"), "documents"),
    **dict.fromkeys(("datasets", "labelling", "augmentation"), "training data"),
    **dict.fromkeys(("gateway", "prompts"), "answers"),
    **dict.fromkeys(("evaluation", "observability"), "operations"),
}


@dataclass(frozen=True)
class Bill:
    """What the templates cost a month, with the units that an account has free taken off."""

    items: list[Item]
    tenants: dict[str, int]
    by_use: dict[str, tuple[str, ...]]

    @property
    def idle_usd(self) -> float:
        """US dollars a month while nobody uses it."""
        return sum(item.usd for item in self.items if item.basis == IDLE)

    @property
    def idle_list_usd(self) -> float:
        """The same in an account whose free units something else uses up."""
        return sum(item.units * price_of(item.key).usd for item in self.items if item.basis == IDLE)

    @property
    def usage_usd(self) -> float:
        """US dollars a month that the stated usage adds."""
        return sum(item.usd for item in self.items if item.basis != IDLE)

    def by_class(self) -> dict[str, float]:
        """The whole bill by class of tenants: its usage, and its tenants' share of what is charged when idle."""
        everyone = sum(self.tenants.values())
        used = sums(self.items, lambda item: item.tenant_class)
        return {name: used.get(name, 0.0) + self.idle_usd * count / everyone for name, count in self.tenants.items()}

    def as_json(self) -> dict[str, Any]:
        """The stable document: `idle_usd_per_month`, `by_stack`, `items`, `priced_on`, and more beside them."""
        return {
            "idle_usd_per_month": round(self.idle_usd, 2),
            "idle_usd_per_month_without_free_units": round(self.idle_list_usd, 2),
            "usage_usd_per_month": round(self.usage_usd, 2),
            "by_stack": rounded(sums(self.items, lambda item: item.stack)),
            "by_feature": rounded(sums(self.items, feature)),
            "by_class": rounded(self.by_class()),
            "items": [_row(item) for item in self.items],
            "charged_by_use": {kind: list(keys) for kind, keys in self.by_use.items()},
            "priced_on": priced_on(),
            "region": REGION,
            "unverified": sorted({item.key for item in self.items if not price_of(item.key).verified}),
        }


def bill(stacks: list[StackTemplate], usage: Usage | None = None) -> Bill:
    """Price the templates. Raises: CommandError for a type whose price is not known, UsageError for such usage."""
    items = [*idle_items(stacks), *(usage_items(stacks, usage) if usage else ())]
    kinds = sorted({resource["Type"] for stack in stacks for resource in stack.resources.values()})
    tenants = {name: group.tenants for name, group in usage.classes.items()} if usage else {}
    return Bill(with_free_units(items), tenants, {kind: METERS[kind] for kind in kinds if kind in METERS})


def feature(item: Item) -> str:
    """The feature that an item belongs to."""
    return FEATURES.get(item.part, item.part)


def sums(items: Iterable[Item], of: Callable[[Item], str]) -> dict[str, float]:
    """US dollars a month by what `of` says of an item, most first."""
    total: dict[str, float] = defaultdict(float)
    for item in items:
        total[of(item)] += item.usd
    return dict(sorted(total.items(), key=lambda pair: -pair[1]))


def rounded(values: dict[str, float]) -> dict[str, float]:
    """The values in whole cents."""
    return {name: round(value, 2) for name, value in values.items()}


def difference(old: Bill, new: Bill) -> dict[str, Any]:
    """What the new bill adds: in all, by stack, and by resource and price where it is not nothing."""

    def change(of: Callable[[Item], str]) -> dict[str, float]:
        before, after = sums(old.items, of), sums(new.items, of)
        moved = {name: round(after.get(name, 0) - before.get(name, 0), 2) for name in {**before, **after}}
        return {name: usd for name, usd in moved.items() if usd}

    return {
        "idle_usd_per_month": round(new.idle_usd - old.idle_usd, 2),
        "usage_usd_per_month": round(new.usage_usd - old.usage_usd, 2),
        "by_stack": change(lambda item: item.stack),
        "by_item": change(lambda item: f"{item.part}/{item.resource} {item.key}"),
    }


def _row(item: Item) -> dict[str, Any]:
    price = price_of(item.key)
    return {
        "stack": item.stack,
        "feature": feature(item),
        "resource": item.resource,
        "type": item.type,
        "price": item.key,
        "basis": item.basis,
        "tenant_class": item.tenant_class,
        "units": item.units,
        "free_units": item.free_units,
        "unit": price.unit,
        "usd_per_unit": price.usd,
        "usd_per_month": round(item.usd, 4),
        "source": price.source,
        "read_on": price.read_on,
        "verified": price.verified,
    }
