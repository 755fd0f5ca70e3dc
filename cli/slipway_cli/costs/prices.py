"""The dated price table, and the types that cost nothing, as the two CSV files beside this one hold them.

Prices are list prices of us-east-1 in US dollars, before taxes, discounts and credits. `tools/price_table.py` renews
them from the AWS price list.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from slipway_cli.errors import CommandError

HERE = Path(__file__).parent
PRICES, FREE = HERE / "prices.csv", HERE / "free.csv"
REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Price:
    """US dollars for one unit. `free_per_month`: units that an account has free every month, for ever.

    `verified`: the figure itself was read in a stored page, which `source` or `note` names, on `read_on`.
    """

    key: str
    usd: float
    unit: str
    free_per_month: float
    source: str
    read_on: str
    verified: bool
    note: str


@cache
def prices() -> dict[str, Price]:
    """Every price by its key."""
    with PRICES.open(encoding="utf-8", newline="") as file:
        return {row["key"]: _price(row) for row in csv.DictReader(file)}


@cache
def free_types() -> dict[str, str]:
    """The reason why each type that costs nothing costs nothing."""
    with FREE.open(encoding="utf-8", newline="") as file:
        return {row["type"]: row["reason"] for row in csv.DictReader(file)}


def price_of(key: str) -> Price:
    """The price of a key. Raises: CommandError that names the file to edit if the table lacks it."""
    found = prices().get(key)
    if found is None:
        raise CommandError(f"there is no price {key!r}: add a row with its source and date to {PRICES}")
    return found


def priced_on() -> str:
    """The day of the oldest row, ISO 8601: no price is older."""
    return min(price.read_on for price in prices().values())


def _price(row: dict[str, str]) -> Price:
    return Price(
        key=row["key"],
        usd=float(row["usd"]),
        unit=row["unit"],
        free_per_month=float(row["free_per_month"]),
        source=row["source"],
        read_on=row["read_on"],
        verified=row["verified"] == "true",
        note=row["note"],
    )
