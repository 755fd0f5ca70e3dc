"""Prices against AWS's own examples, the naive stack beside it, and types that nobody has priced."""

import json
from typing import Any

import pytest

from slipway_cli.costs.estimate import bill, difference
from slipway_cli.costs.meters import METERS
from slipway_cli.costs.prices import free_types, price_of, prices
from slipway_cli.costs.report import as_markdown, as_text
from slipway_cli.costs.usage import Usage
from slipway_cli.errors import CommandError, UsageError
from slipway_cli.templates import StackTemplate


def stack(resources: dict[str, Any], name: str = "slipway-naive-all") -> StackTemplate:
    return StackTemplate(name=name, region="us-east-1", resources=resources)


def used(kind: str, meters: dict[str, float], properties: dict[str, Any] | None = None) -> float:
    usage = Usage.model_validate({"classes": {"all": {"tenants": 1, "each": meters}}})
    made = bill([stack({"It": {"Type": kind, "Properties": properties or {}}})], usage)
    return round(made.idle_usd + made.usage_usd, 2)


@pytest.mark.capability("O8")
def test_step_functions_published_example() -> None:
    """https://aws.amazon.com/step-functions/pricing/, example 1: 100,000 runs of 4 transitions, 4,000 free: $9.90."""
    assert used("AWS::StepFunctions::StateMachine", {"states.standard_transitions": 400_000}) == 9.90


@pytest.mark.capability("O8")
def test_waf_worked_example() -> None:
    """https://c3x.dev/blog/aws-waf-cost-explained/ of https://aws.amazon.com/waf/pricing/: 5 + 10 rules + 50 M: $45."""
    assert used("AWS::WAFv2::WebACL", {"waf.requests": 50_000_000}, {"Rules": [{}] * 10}) == 45.00


@pytest.mark.capability("O8")
def test_nat_gateway_worked_example() -> None:
    """https://basavytix.com/blog/aws-nat-gateway-pricing of https://aws.amazon.com/vpc/pricing/: 500 GB: $55.35."""
    assert used("AWS::EC2::NatGateway", {"vpc.nat_gateway_gb": 500}) == 55.35


@pytest.mark.capability("O8")
def test_opensearch_serverless_minimum() -> None:
    """https://awsnegotiations.com/opensearch-serverless-cost: an idle collection with redundancy is about $350."""
    assert used("AWS::OpenSearchServerless::Collection", {}) == 350.40


@pytest.mark.capability("O8")
def test_kms_published_price_of_a_key_and_its_requests() -> None:
    """https://aws.amazon.com/kms/pricing/: $1 a key; $0.03 for 10,000 requests after the first 20,000."""
    assert used("AWS::KMS::Key", {"kms.requests": 2_020_000}) == 7.00


def naive() -> dict[str, Any]:
    """Two NAT gateways, eight interface endpoints in two zones, OpenSearch Serverless, a g5 endpoint."""
    endpoint = {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"]}
    variants = [{"InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}]
    return {
        **{f"Nat{n}": {"Type": "AWS::EC2::NatGateway"} for n in range(2)},
        **{f"Endpoint{n}": {"Type": "AWS::EC2::VPCEndpoint", "Properties": endpoint} for n in range(8)},
        "Search": {"Type": "AWS::OpenSearchServerless::Collection", "Properties": {"Type": "VECTORSEARCH"}},
        "Config": {"Type": "AWS::SageMaker::EndpointConfig", "Properties": {"ProductionVariants": variants}},
        "Model": {"Type": "AWS::SageMaker::Endpoint"},
    }


@pytest.mark.capability("O8")
def test_the_naive_stack_costs_over_1500_dollars_idle() -> None:
    made = bill([stack(naive())])
    assert round(made.idle_usd, 2) == round(730 * (2 * 0.045 + 16 * 0.01 + 2 * 0.24 + 1.408), 2) == 1560.74
    zero = {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 1}
    to_zero = naive()
    to_zero["Config"]["Properties"]["ProductionVariants"][0]["ManagedInstanceScaling"] = zero
    saved = difference(made, bill([stack(to_zero)]))
    assert saved["by_item"] == {"all/Config sagemaker.ml.g5.xlarge_hours": -1027.84}


@pytest.mark.capability("O8")
def test_an_unknown_type_is_an_error_that_names_it_and_the_files() -> None:
    with pytest.raises(CommandError, match=r"slipway-naive-all/It: .* AWS::New::Thing costs.*idle\.py.*free\.csv"):
        bill([stack({"It": {"Type": "AWS::New::Thing"}})])
    unknown = {"DBInstanceClass": "db.r9.huge"}
    with pytest.raises(CommandError, match=r"no price 'rds\.db\.r9\.huge_hours': add a row .*prices\.csv"):
        bill([stack({"It": {"Type": "AWS::RDS::DBInstance", "Properties": unknown}})])


def test_usage_that_nothing_or_that_several_stacks_have_is_refused() -> None:
    function = {"It": {"Type": "AWS::Lambda::Function"}}
    two = [stack(function, "slipway-dev-gateway"), stack(function, "slipway-dev-ingestion")]
    usage = Usage.model_validate({"classes": {"all": {"tenants": 1, "each": {"lambda.requests": 1}}}})
    with pytest.raises(UsageError, match=r"write one of gateway/lambda\.requests, ingestion/lambda\.requests"):
        bill(two, usage)
    with pytest.raises(UsageError, match="no resource of this environment is charged by it"):
        bill([stack({"It": {"Type": "AWS::IAM::Role"}})], usage)


@pytest.mark.capability("O8")
def test_classes_of_tenants_bear_their_usage_and_their_share_of_what_is_idle() -> None:
    resources = {"Key": {"Type": "AWS::KMS::Key"}, "Acl": {"Type": "AWS::WAFv2::WebACL"}}
    classes = {"free": {"tenants": 3}, "paid": {"tenants": 1, "each": {"waf.requests": 5_000_000}}}
    made = bill([stack(resources)], Usage.model_validate({"classes": classes}))
    assert made.by_class() == pytest.approx({"free": 4.5, "paid": 4.5})
    assert "| paid | 1 tenants | $4.50 |" in list(as_markdown("naive", made, None))
    assert next(as_text("naive", made, None)) == "naive: $6.00 a month idle, and $3.00 for the stated usage"


def test_every_price_has_a_source_and_a_date_and_every_meter_a_price() -> None:
    for price in prices().values():
        assert price.source.startswith("https://aws.amazon.com/"), price.key
        assert price.read_on.startswith("2026-"), price.key
        assert price.usd > 0
    assert [key for keys in METERS.values() for key in keys if not price_of(key)] == []
    assert all(reason for reason in free_types().values())
    assert not free_types().keys() & METERS.keys()


@pytest.mark.capability("O8")
def test_the_document_for_scripts_is_stable() -> None:
    document = json.loads(json.dumps(bill([stack(naive())]).as_json()))
    assert {"idle_usd_per_month", "by_stack", "items", "priced_on"} <= document.keys()
    assert document["by_stack"] == {"slipway-naive-all": 1560.74}
