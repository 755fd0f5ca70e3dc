"""A bill as text for people, and as Markdown for a pull request."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from slipway_cli.costs.estimate import Bill, feature, sums
from slipway_cli.costs.prices import REGION, price_of, priced_on

Row = tuple[str, ...]


def as_text(environment: str, bill: Bill, diff: dict[str, Any] | None) -> Iterator[str]:
    """Yield the sums, then a line for each price that is charged."""
    yield from _head(environment, bill)
    for title, rows in _tables(bill, diff):
        yield f"\n{title}"
        widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
        yield from ("  " + "  ".join(cell.ljust(widths[at]) for at, cell in enumerate(row)).rstrip() for row in rows)
    yield from ("", *_foot(bill))


def as_markdown(environment: str, bill: Bill, diff: dict[str, Any] | None) -> Iterator[str]:
    """Yield the same as tables of Markdown."""
    yield f"### Cost of {environment}"
    yield from ("", *_head(environment, bill))
    for title, rows in _tables(bill, diff):
        yield from ("", f"**{title}**", "", "|" + " |" * len(rows[0]), "|" + "---|" * len(rows[0]))
        yield from ("| " + " | ".join(row) + " |" for row in rows)
    yield from ("", *_foot(bill))


def _head(environment: str, bill: Bill) -> Iterator[str]:
    line = f"{environment}: {_usd(bill.idle_usd)} a month idle"
    yield line + (f", and {_usd(bill.usage_usd)} for the stated usage" if bill.tenants else "")


def _tables(bill: Bill, diff: dict[str, Any] | None) -> Iterator[tuple[str, list[Row]]]:
    if diff is not None:
        rows: list[Row] = [(name, f"{usd:+.2f}") for name, usd in diff["by_item"].items()]
        yield f"Change: {diff['idle_usd_per_month']:+.2f} idle", rows or [("nothing", "0.00")]
    if not bill.items:
        return
    yield "By stack", [(name, _usd(usd)) for name, usd in sums(bill.items, lambda item: item.stack).items()]
    yield "By feature", [(name, _usd(usd)) for name, usd in sums(bill.items, feature).items()]
    if bill.tenants:
        yield (
            "By class of tenants, with their share of what is charged when idle",
            [(name, f"{bill.tenants[name]} tenants", _usd(usd)) for name, usd in bill.by_class().items()],
        )
    yield "By price", list(_by_price(bill))


def _by_price(bill: Bill) -> Iterator[Row]:
    units: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0, 0, 0])
    for item in bill.items:
        sum_of = units[item.key, item.basis]
        for at, value in enumerate((item.units, item.free_units, item.usd)):
            sum_of[at] += value
    for (key, basis), (amount, free, usd) in sorted(units.items(), key=lambda pair: -pair[1][2]):
        price = price_of(key)
        less = f", {free:,.6g} free" if free else ""
        mark = "" if price.verified else " (not verified)"
        yield key, f"{amount:,.6g} {price.unit}{less}", f"at ${price.usd:.10g}{mark}", _usd(usd), basis


def _foot(bill: Bill) -> Iterator[str]:
    if not bill.tenants:
        kinds = ", ".join(kind.removeprefix("AWS::") for kind in bill.by_use)
        yield f"Charged by use, so nothing when idle, but for what is stored: {kinds}. --usage adds it."
    yield (
        f"List prices of {REGION} as of {priced_on()}; the units that each account has free are taken off "
        f"(without them: {_usd(bill.idle_list_usd)} idle)."
    )


def _usd(value: float) -> str:
    return f"${value:,.2f}"
