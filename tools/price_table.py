"""Renew the rows of cli/slipway_cli/costs/prices.csv from the AWS price list. Needs network, no credentials.

    .venv/bin/python tools/price_table.py

A row is renewed where PRODUCTS names its product; the others keep their figure, date and mark.
Source: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html
"""

import csv
import datetime
import json
import urllib.request
from typing import Any

from slipway_cli.costs.prices import PRICES, REGION

LIST = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/{service}/current/{region}/index.json"
# Price key: the service's code in the price list, and the usage type of the product.
PRODUCTS = {
    "aurora.acu_hours": ("AmazonRDS", "Aurora:ServerlessV2Usage"),
    "cloudwatch.alarm_months": ("AmazonCloudWatch", "CW:AlarmMonitorUsage"),
    "cloudwatch.dashboard_months": ("AmazonCloudWatch", "DashboardsUsageHour"),
    "kms.key_months": ("awskms", "us-east-1-KMS-Keys"),
    "lambda.arm.gb_seconds": ("AWSLambda", "Lambda-GB-Second-ARM"),
    "lambda.requests": ("AWSLambda", "Request"),
    "sagemaker.ml.g5.xlarge_hours": ("AmazonSageMaker", "USE1-Host:ml.g5.xlarge"),
    "secretsmanager.secret_months": ("AWSSecretsManager", "USE1-AWSSecretsManager-Secrets"),
    "states.standard_transitions": ("AmazonStates", "USE1-StateTransition"),
    "vpc.interface_endpoint_hours": ("AmazonVPC", "USE1-VpcEndpoint-Hours"),
    "vpc.nat_gateway_hours": ("AmazonEC2", "NatGateway-Hours"),
    "waf.web_acl_months": ("awswaf", "USE1-WebACLV2"),
}


def unit_price(document: dict[str, Any], usage_type: str) -> float:
    """The on-demand US dollars of one unit of a usage type, in its first tier that is not free.

    Raises: LookupError if the list has no such product, or several with different prices.
    """
    skus = [sku for sku, item in document["products"].items() if item["attributes"].get("usagetype") == usage_type]
    found = set()
    for sku in skus:
        for term in document["terms"]["OnDemand"].get(sku, {}).values():
            tiers = sorted(term["priceDimensions"].values(), key=lambda tier: float(tier.get("beginRange", 0)))
            charged = [float(tier["pricePerUnit"]["USD"]) for tier in tiers if float(tier["pricePerUnit"]["USD"])]
            found.update(charged[:1])
    if len(found) != 1:
        raise LookupError(f"{usage_type}: expected one price, got {sorted(found)}")
    return found.pop()


def renewed(rows: list[dict[str, str]], documents: dict[str, dict[str, Any]], today: str) -> list[dict[str, str]]:
    """The rows with the prices of the documents, by service code; `today` is ISO 8601."""
    result = []
    for row in rows:
        service, usage_type = PRODUCTS.get(row["key"], ("", ""))
        fresh = {}
        if service in documents:
            fresh = {
                "usd": f"{unit_price(documents[service], usage_type):.10g}",
                "read_on": today,
                "verified": "true",
                "note": f"price list, {usage_type}",
            }
        result.append(row | fresh)
    return result


def main() -> None:
    """Read the lists of all services that PRODUCTS names, and write the table."""
    documents = {}
    for service in sorted({service for service, _ in PRODUCTS.values()}):
        with urllib.request.urlopen(LIST.format(service=service, region=REGION), timeout=300) as answer:
            documents[service] = json.load(answer)
    with PRICES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with PRICES.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(renewed(rows, documents, datetime.datetime.now(tz=datetime.UTC).date().isoformat()))


if __name__ == "__main__":
    main()
