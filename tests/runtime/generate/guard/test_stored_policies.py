"""Policies in SSM: versions, and what a tenant has of its own."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from slipway_runtime.generate.guard.stored_policies import StoredPolicies

pytestmark = pytest.mark.capability("P9")
NAME = "/slipway/test/gateway/guard"


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield boto3.client("ssm", region_name="us-east-1")


def put(ssm: Any, policy: dict[str, Any], tenant: str = "") -> None:
    name = f"{NAME}/tenants/{tenant}" if tenant else NAME
    ssm.put_parameter(Name=name, Value=json.dumps(policy), Type="String", Overwrite=True)


def test_a_tenant_differs_in_what_it_says_and_no_other_does(ssm: Any) -> None:
    put(ssm, {"injection": {"input": "flag", "threshold": 0.7}, "topics": {"a": ["b"]}})
    put(ssm, {"injection": {"input": "block"}}, "acme")
    policies = StoredPolicies(ssm=ssm, name=NAME)
    acme, other = policies.of("acme"), policies.of("other")
    assert (acme.injection.input, acme.injection.threshold, acme.topics) == ("block", 0.7, {"a": ("b",)})
    assert other.injection.input == "flag"
    assert (acme.version, other.version) == ("1+acme.1", "1")


def test_a_change_counts_after_a_minute_and_a_broken_one_not_at_all(ssm: Any) -> None:
    now = [0.0]
    put(ssm, {})
    policies = StoredPolicies(ssm=ssm, name=NAME, now=lambda: now[0])
    assert policies.of("t").version == "1"
    put(ssm, {"toxicity": {"input": "block"}})
    assert policies.of("t").version == "1"
    now[0] = 61.0
    assert (policies.of("t").version, policies.of("t").toxicity.input) == ("2", "block")
    put(ssm, {"toxicity": {"input": "blok"}})
    now[0] = 122.0
    assert policies.of("t").version == "2"


def test_without_a_policy_nothing_is_answered(ssm: Any) -> None:
    with pytest.raises(LookupError, match="deploy the gateway"):
        StoredPolicies(ssm=ssm, name=NAME).of("t")
