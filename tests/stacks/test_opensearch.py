"""The stacks with OpenSearch Serverless as the store: clean for CloudFormation, nothing always on, short names."""

import json
from collections.abc import Callable
from typing import Any

import cfnlint.api
import cfnlint.config
import pytest
from cfnlint.core import get_rules

from slipway_constructs.opensearch_vector_store import short_name
from stacks.settings import Settings

pytestmark = pytest.mark.capability("R2")


@pytest.fixture
def templates(synthesise: Callable[[str], Any]) -> Any:
    return synthesise("retrieval: {store: opensearch}\nremoval: destroy")


def test_cfn_lint_finds_nothing(templates: Any) -> None:
    options = cfnlint.config.ManualArgs(regions=["us-east-1", "eu-west-1"], ignore_checks=["W3005"])
    rules = get_rules([], ["W3005"], [])
    for part, template in templates.items():
        found = cfnlint.api.lint(json.dumps(template, indent=1), rules, config=options)
        assert [str(match) for match in found] == [], part


def test_idle_it_costs_nothing_by_the_hour_is_watched_and_lists_its_users_role_by_role(templates: Any) -> None:
    everything = json.dumps(dict(templates.items()))
    assert [kind for kind in ("NatGateway", "VpcEndpoint", "VPCEndpoint", "EC2::VPC") if kind in everything] == []
    assert templates.one("retrieval", "AWS::OpenSearchServerless::CollectionGroup")["Generation"] == "NEXTGEN"

    alarms = [each["Properties"] for each in templates.of("observability", "AWS::CloudWatch::Alarm")]
    watched = {alarm["MetricName"] for alarm in alarms if alarm.get("Namespace") == "AWS/AOSS"}
    assert watched == {"5xx", "IngestionDocumentErrors"}

    for part in ("retrieval", "ingestion", "gateway"):
        for policy in templates.of(part, "AWS::OpenSearchServerless::AccessPolicy"):
            document = json.dumps(policy["Properties"]["Policy"])
            assert document.count("Principal") == 1
            assert "Role" in document
            assert "aoss:*" not in document


def test_long_names_are_cut_and_stay_apart() -> None:
    """3 to 32 characters: https://docs.aws.amazon.com/opensearch-service/latest/ServerlessAPIReference/API_CreateAccessPolicy.html"""
    assert short_name("slipway", "dev", "ab12") == "slipway-dev-ab12"
    long = [short_name("slipway", "an-environment-with-a-long-name", end) for end in ("Gateway/Chat", "Gateway/Chats")]
    assert all(len(each) <= 32 for each in long)
    assert long[0] != long[1]


def test_a_graph_that_cannot_be_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match="ef_construction: expected at least m, which is 64"):
        Settings.model_validate({"retrieval": {"store": "opensearch", "opensearch": {"m": 64, "ef_construction": 32}}})
