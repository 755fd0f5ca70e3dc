"""What the shipped environments cost when idle, by `slipway cost`'s own sums."""

from typing import Any

import pytest

from slipway_cli.costs.estimate import Bill, bill
from slipway_cli.templates import StackTemplate


def bill_of(name: str, templates: dict[str, Any]) -> Bill:
    return bill(
        [
            StackTemplate(name=f"slipway-{name}-{part}", region="us-east-1", resources=template["Resources"])
            for part, template in templates.items()
        ]
    )


@pytest.mark.capability("O8")
def test_dev_costs_at_most_five_dollars_a_month_idle(dev: Any) -> None:
    made = bill_of("dev", dev)
    assert 0 < made.idle_usd <= 5, made.as_json()["items"]


@pytest.mark.capability("O8")
def test_every_shipped_environment_can_be_priced_and_prod_is_itemised(environments: dict[str, Any]) -> None:
    bills = {name: bill_of(name, templates) for name, templates in environments.items()}
    prod = {item.key for item in bills["prod"].items}
    assert {"aurora.acu_hours", "vpc.interface_endpoint_hours", "kms.key_months", "waf.web_acl_months"} <= prod
    assert bills["prod"].idle_usd > bills["staging"].idle_usd > bills["dev"].idle_usd
