"""How often a REST API may be called: stages, methods, and the usage plans of API keys.

Expectations: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from slipway_local.rest_api.throttle import Quotas, TokenBuckets
from support.rest_api import ECHO, ROOT, deployed, http_call, method, of_api, resource, uri

pytestmark = pytest.mark.capability("O14")

KEY = """
def handler(event, context):
    return {"principalId": "user", "usageIdentifierKey": event["authorizationToken"],
            "policyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}}
"""
SLOW = 0.001  # tokens a second: what a test took does not come back while it runs
KEYS = {name: f"{name}-key-of-twenty-characters" for name in ("First", "Second", "Daily", "Disabled", "Stray", "Per")}


def throttle(burst: int) -> dict[str, float]:
    return {"RateLimit": SLOW, "BurstLimit": burst}


def plan(stage: Any, **more: Any) -> dict[str, Any]:
    stages = [{"ApiId": {"Ref": "Rest"}, "Stage": {"Ref": "Stage"}, **stage}]
    return {"Type": "AWS::ApiGateway::UsagePlan", "Properties": {"ApiStages": stages, **more}}


def member(key: str, plan_id: str) -> dict[str, Any]:
    properties = {"KeyId": {"Ref": key}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": plan_id}}
    return {"Type": "AWS::ApiGateway::UsagePlanKey", "Properties": properties}


@pytest.fixture(scope="module")
def outputs(local_cloud: Any) -> dict[str, str]:
    keys = {
        name: {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Value": value, "Enabled": name != "Disabled"}}
        for name, value in KEYS.items()
    }
    resources = {
        "Role": local_cloud.role(),
        "Api": local_cloud.function(ECHO),
        "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "limits"}},
        "Open": resource(ROOT, "open"),
        "OpenGet": method({"Ref": "Open"}),
        "OpenPost": method({"Ref": "Open"}, "POST"),
        "OpenPut": method({"Ref": "Open"}, "PUT"),
        "Keyed": resource(ROOT, "keyed"),
        "KeyedGet": method({"Ref": "Keyed"}, ApiKeyRequired=True),
        "KeyedPost": method({"Ref": "Keyed"}, "POST", ApiKeyRequired=True),
        **keys,
        "Bursts": plan({}, Throttle=throttle(2)),
        "Quota": plan({}, Quota={"Limit": 5, "Period": "DAY", "Offset": 3}),
        "PerMethod": plan({"Throttle": {"/keyed/GET": throttle(1)}}),
        **{f"In{name}": member(name, "Bursts") for name in ("First", "Second", "Disabled")},
        "InDaily": member("Daily", "Quota"),
        "InPer": member("Per", "PerMethod"),
    }
    settings = [
        {"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": 1000, "ThrottlingBurstLimit": 1000},
        {"ResourcePath": "/~1open", "HttpMethod": "GET", "ThrottlingRateLimit": SLOW, "ThrottlingBurstLimit": 2},
        {"ResourcePath": "/open", "HttpMethod": "PUT", "ThrottlingRateLimit": 0, "ThrottlingBurstLimit": 0},
    ]
    shown = {name: {"Value": {"Ref": name}} for name in ("Rest", "Bursts", "Quota", "Daily")}
    body = {"Resources": deployed(resources, MethodSettings=settings), "Outputs": shown}
    return local_cloud.outputs(local_cloud.deploy(Limits=body), "Limits")


@pytest.fixture(scope="module")
def api(local_cloud: Any, outputs: dict[str, str]) -> Any:
    base = f"{local_cloud.place.endpoint_url}/_aws/execute-api/{outputs['Rest']}/live"
    return lambda path, *arguments, **headers: http_call(base + path, *arguments, **headers)


def statuses(api: Any, count: int, *arguments: Any, **headers: str) -> list[int]:
    return [api(*arguments, **headers)[0] for _ in range(count)]


def test_a_method_is_throttled_after_its_burst(api: Any) -> None:
    assert statuses(api, 2, "/open") == [200, 200]
    status, headers, body = api("/open")
    assert (status, json.loads(body)) == (429, {"message": "Too Many Requests"})
    assert headers["x-amzn-ErrorType"] == "TooManyRequestsException"
    assert api("/open", "POST")[0] == 200  # the stage's own limit, not the method's


def test_a_limit_of_zero_lets_nothing_through(api: Any) -> None:
    assert api("/open", "PUT")[0] == 429


@pytest.mark.parametrize("key", [None, "wrong", KEYS["Disabled"], KEYS["Stray"]])
def test_a_key_must_be_enabled_and_in_a_usage_plan_of_the_stage(api: Any, key: str | None) -> None:
    status, _, body = api("/keyed", **({"x_api_key": key} if key else {}))
    assert (status, json.loads(body)) == (403, {"message": "Forbidden"})


def test_each_key_has_its_own_burst(api: Any) -> None:
    status, _, body = api("/keyed", x_api_key=KEYS["First"])
    assert (status, json.loads(body)["requestContext"]["identity"]["apiKey"]) == (200, KEYS["First"])
    assert statuses(api, 2, "/keyed", x_api_key=KEYS["First"]) == [200, 429]
    assert api("/keyed", x_api_key=KEYS["Second"])[0] == 200


def test_a_plan_may_throttle_one_method(api: Any) -> None:
    assert statuses(api, 2, "/keyed", x_api_key=KEYS["Per"]) == [200, 429]
    assert statuses(api, 3, "/keyed", "POST", x_api_key=KEYS["Per"]) == [200, 200, 200]


def test_a_quota_counts_by_key_and_from_its_offset(api: Any) -> None:
    assert statuses(api, 2, "/keyed", x_api_key=KEYS["Daily"]) == [200, 200]
    status, headers, body = api("/keyed", x_api_key=KEYS["Daily"])
    assert (status, json.loads(body)) == (429, {"message": "Limit Exceeded"})
    assert headers["x-amzn-ErrorType"] == "LimitExceededException"


def test_usage_is_told_by_key_and_day(local_cloud: Any, api: Any, outputs: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html: `[used, remaining]` of each day."""
    api("/keyed", x_api_key=KEYS["Daily"])
    client, today = local_cloud.place.client("apigateway"), datetime.now(UTC).date()
    asked = {"startDate": str(today - timedelta(days=1)), "endDate": str(today)}
    usage = client.get_usage(usagePlanId=outputs["Quota"], **asked)
    key = outputs["Daily"]
    used, left = usage["items"][key][1]
    assert (usage["items"], used + left) == ({key: [[0, 2], [used, left]]}, 2)
    assert used >= 1
    assert (usage["usagePlanId"], usage["startDate"], usage["endDate"]) == (outputs["Quota"], *asked.values())
    assert client.get_usage(usagePlanId=outputs["Quota"], keyId="another", **asked)["items"] == {}


def test_what_usage_cannot_tell_is_refused_by_name(local_cloud: Any, outputs: dict[str, str]) -> None:
    """The errors of the same page; that a plan without a quota is not counted is our own limit."""
    client, days = local_cloud.place.client("apigateway"), {"startDate": "2026-01-02", "endDate": "2026-01-02"}
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_usage(usagePlanId="nobody", **days)
    with pytest.raises(client.exceptions.BadRequestException, match="has no quota"):
        client.get_usage(usagePlanId=outputs["Bursts"], **days)
    with pytest.raises(client.exceptions.BadRequestException, match="not before startDate"):
        client.get_usage(usagePlanId=outputs["Quota"], **(days | {"endDate": "2026-01-01"}))
    with pytest.raises(client.exceptions.BadRequestException, match="UpdateUsage is not emulated"):
        client.update_usage(usagePlanId=outputs["Quota"], keyId="any", patchOperations=[])


def test_an_authorizer_may_say_whose_key_counts(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html"""
    value = "authorizer-key-of-twenty-characters"
    resources = {
        "Role": local_cloud.role(),
        "Api": local_cloud.function(ECHO),
        "Authorize": local_cloud.function(KEY),
        "Rest": {
            "Type": "AWS::ApiGateway::RestApi",
            "Properties": {"Name": "key-source", "ApiKeySourceType": "AUTHORIZER"},
        },
        "Authorizer": of_api("Authorizer", Name="k", Type="TOKEN", AuthorizerUri=uri("Authorize")),
        "Get": method(ROOT, ApiKeyRequired=True, AuthorizationType="CUSTOM", AuthorizerId={"Ref": "Authorizer"}),
        "Key": {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Value": value, "Enabled": True}},
        "Plan": plan({}),
        "InPlan": member("Key", "Plan"),
    }
    body = {"Resources": deployed(resources), "Outputs": {"Id": {"Value": {"Ref": "Rest"}}}}
    outputs = local_cloud.outputs(local_cloud.deploy(KeySource=body), "KeySource")
    url = f"{local_cloud.place.endpoint_url}/_aws/execute-api/{outputs['Id']}/live/"
    assert http_call(url, Authorization=value)[0] == 200
    assert http_call(url, Authorization="another", x_api_key=value)[0] == 403


def test_a_bucket_fills_at_its_rate_up_to_its_burst() -> None:
    now = [0.0]
    buckets = TokenBuckets(lambda: now[0])
    assert [buckets.take("a", 2, 3) for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert [buckets.take("a", 2, 3) for _ in range(2)] == [True, False]
    now[0] = 100
    assert [buckets.take("a", 2, 3) for _ in range(4)] == [True, True, True, False]
    assert buckets.take("b", 2, 3)


@pytest.mark.parametrize(
    ("period", "moment", "later"),
    [
        ("DAY", datetime(2026, 11, 21, 23, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)),
        ("WEEK", datetime(2026, 11, 21, 23, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)),  # a Sunday
        ("MONTH", datetime(2026, 11, 30, 23, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_a_quota_starts_anew_with_its_period(period: str, moment: datetime, later: datetime) -> None:
    now = [moment]
    quotas = Quotas(lambda: now[0])
    assert [quotas.take("a", 2, period) for _ in range(3)] == [True, True, False]
    now[0] = later
    assert quotas.take("a", 2, period)
