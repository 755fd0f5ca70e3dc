"""The generator of the price table, on documents in the shape of the AWS price list.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html
"""

import csv
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.costs.prices import PRICES

SPEC = importlib.util.spec_from_file_location("price_table", Path(__file__).parents[2] / "tools" / "price_table.py")
assert SPEC and SPEC.loader
price_table = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(price_table)


def document(usage_type: str, *tiers: tuple[str, str]) -> dict[str, Any]:
    dimensions = {str(at): {"beginRange": low, "pricePerUnit": {"USD": usd}} for at, (low, usd) in enumerate(tiers)}
    return {
        "products": {"SKU": {"attributes": {"usagetype": usage_type}}},
        "terms": {"OnDemand": {"SKU": {"SKU.TERM": {"priceDimensions": dimensions}}}},
    }


def test_a_row_gets_the_first_price_that_is_not_free_and_the_others_stay() -> None:
    states = document("USE1-StateTransition", ("4000", "0.00003"), ("0", "0"))
    with PRICES.open(newline="") as file:
        before = list(csv.DictReader(file))
    after = price_table.renewed(before, {"AmazonStates": states}, "2027-01-02")
    (changed,) = [row for row, old in zip(after, before, strict=True) if row != old]
    assert (changed["key"], changed["usd"], changed["read_on"]) == (
        "states.standard_transitions",
        "3e-05",
        "2027-01-02",
    )


def test_a_product_that_is_not_in_the_list_is_an_error() -> None:
    with pytest.raises(LookupError, match="Nothing: expected one price"):
        price_table.unit_price(document("Other", ("0", "1")), "Nothing")


def test_every_renewed_key_is_in_the_table() -> None:
    with PRICES.open(newline="") as file:
        assert set(price_table.PRODUCTS) <= {row["key"] for row in csv.DictReader(file)}
