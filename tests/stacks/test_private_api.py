"""A private API: no address in the internet, reached through named endpoints alone."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from stacks.settings_file import SettingsError

pytestmark = pytest.mark.capability("S8")
PRIVATE = "gateway: {access: {private: {enabled: true}}}\n"


def test_a_created_network_has_the_endpoint_and_the_api_answers_it_alone(synthesise: Callable[[str], Any]) -> None:
    templates = synthesise("network: {mode: create}\n" + PRIVATE)
    [endpoint] = [
        item["Properties"]
        for item in templates.of("network", "AWS::EC2::VPCEndpoint")
        if "execute-api" in json.dumps(item["Properties"]["ServiceName"])
    ]
    assert endpoint["PrivateDnsEnabled"] is True
    [statement] = endpoint["PolicyDocument"]["Statement"]
    assert statement["Action"] == "execute-api:Invoke"
    assert {"Ref": "AWS::AccountId"} in statement["Resource"]["Fn::Join"][1], "APIs of this account alone"
    api = templates.one("gateway", "AWS::ApiGateway::RestApi")
    assert api["EndpointConfiguration"]["Types"] == ["PRIVATE"]
    [through] = api["EndpointConfiguration"]["VpcEndpointIds"]
    allow, deny = api["Policy"]["Statement"]
    assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
    assert deny["Condition"] == {"StringNotEquals": {"aws:SourceVpce": [through]}} or deny["Condition"] == {
        "StringNotEquals": {"aws:SourceVpce": through}
    }
    assert templates.unpublished() == []


def test_endpoints_that_exist_are_enough_without_a_network(synthesise: Callable[[str], Any]) -> None:
    private = "gateway: {access: {private: {enabled: true, endpoint_ids: [vpce-0123456789abcdef0, vpce-11112222]}}}\n"
    templates = synthesise(private)
    assert "network" not in templates
    api = templates.one("gateway", "AWS::ApiGateway::RestApi")
    assert api["EndpointConfiguration"]["VpcEndpointIds"] == ["vpce-0123456789abcdef0", "vpce-11112222"]


def test_without_it_the_api_is_regional(dev: Any) -> None:
    api = dev.one("gateway", "AWS::ApiGateway::RestApi")
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert "Policy" not in api


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (PRIVATE, "at least one endpoint with network mode none"),
        ("gateway: {access: {private: {endpoint_ids: [vpce-11112222]}}}\n", "private.enabled: true"),
        ("gateway: {access: {private: {enabled: true, endpoint_ids: [vpc-11112222]}}}\n", "vpce-"),
    ],
)
def test_what_cannot_be_is_refused(synthesise: Callable[[str], Any], settings: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        synthesise(settings)
