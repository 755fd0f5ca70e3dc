"""HTTP APIs over HTTP: routes, stages, payload formats, answers, errors, CORS, throttling.

Expectations: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

import json
from typing import Any

import pytest

from support.http_api import integration, of_api, route
from support.rest_api import Caller

pytestmark = pytest.mark.capability("O14")

API = """
import base64, json, time
ANSWERS = {
    "text": "Hello from Lambda!",
    "object": {"key": "value"},
    "number": 7,
    "teapot": {"statusCode": 418, "body": "short", "cookies": ["a=1", "b=2"], "headers": {"X-Own": True}},
    "binary": {"statusCode": 200, "isBase64Encoded": True, "body": base64.b64encode(b"\\x00\\xff").decode(),
               "headers": {"content-type": "application/octet-stream"}},
    "malformed": {"statusCode": "no number"},
    "cors": {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "https://evil.example"}},
}
def handler(event, context):
    what = (event.get("queryStringParameters") or {}).get("do")
    if what == "raise": raise ValueError("no")
    if what == "sleep": time.sleep(3)
    return ANSWERS.get(what) or {"statusCode": 200, "body": json.dumps(event)}
"""
CORS = {
    "AllowOrigins": ["https://a.example"],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["authorization"],
    "ExposeHeaders": ["x-own"],
    "AllowCredentials": True,
    "MaxAge": 300,
}
SLOW = {"ThrottlingRateLimit": 0.001, "ThrottlingBurstLimit": 2}


def template(local_cloud: Any, **more: Any) -> dict[str, Any]:
    resources = {
        "Role": local_cloud.role(),
        "Api": local_cloud.function(API),
        "Http": {"Type": "AWS::ApiGatewayV2::Api",
                 "Properties": {"Name": "http", "ProtocolType": "HTTP", "CorsConfiguration": CORS}},
        "Two": integration(TimeoutInMillis=1500),
        "One": integration(version="1.0"),
        "Item": route("GET /items/{id}"),
        "Any": route("ANY /items/{id}"),
        "Fixed": route("GET /items/fixed"),
        "Greedy": route("ANY /files/{proxy+}", "One"),
        "Open": route("ANY /open"),
        "Default": of_api("Stage", StageName="$default", AutoDeploy=True, StageVariables={"colour": "blue"}),
        "Slow": of_api("Stage", StageName="slow", AutoDeploy=True, DefaultRouteSettings=SLOW,
                       RouteSettings={"GET /items/fixed": {**SLOW, "ThrottlingBurstLimit": 1}})
        | {"DependsOn": ["Fixed"]},
        **more,
    }  # fmt: skip
    values = {"Id": {"Ref": "Http"}, "Endpoint": {"Fn::GetAtt": ["Http", "ApiEndpoint"]}}
    return {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in values.items()}}


@pytest.fixture(scope="module")
def api(local_cloud: Any) -> Any:
    outputs = local_cloud.outputs(local_cloud.deploy(HttpApi=template(local_cloud)), "HttpApi")
    assert outputs["Endpoint"] == f"https://{outputs['Id']}.execute-api.us-east-1.amazonaws.com"
    return Caller(f"{local_cloud.place.endpoint_url}/_aws/execute-api/{outputs['Id']}", outputs)


def test_format_2_0_is_the_documented_event(api: Any) -> None:
    status, headers, body = api("/items/7%20x?a=1&a=2&b=", "GET", X_Own="yes", Cookie="c=1; d=2")
    event = json.loads(body)
    assert (status, event["version"], event["routeKey"]) == (200, "2.0", "GET /items/{id}")
    assert (event["rawPath"], event["rawQueryString"]) == ("/items/7 x", "a=1&a=2&b=")
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert (event["pathParameters"], event["stageVariables"]) == ({"id": "7 x"}, {"colour": "blue"})
    assert (event["cookies"], event["headers"]["x-own"]) == (["c=1", "d=2"], "yes")
    assert "cookie" not in event["headers"] and "body" not in event and not event["isBase64Encoded"]
    context = event["requestContext"]
    assert (context["apiId"], context["stage"], context["accountId"]) == (api.outputs["Id"], "$default", "123456789012")
    assert (context["requestId"], context["http"]["method"]) == (headers["apigw-requestid"], "GET")


def test_format_1_0_is_the_documented_event(api: Any) -> None:
    event = json.loads(api("/files/a/b.txt?q=1", "PUT", b"text", Content_Type="text/plain")[2])
    assert (event["version"], event["resource"], event["httpMethod"]) == ("1.0", "/files/{proxy+}", "PUT")
    assert (event["path"], event["pathParameters"]) == ("/files/a/b.txt", {"proxy": "a/b.txt"})
    assert (event["body"], event["isBase64Encoded"]) == ("text", False)
    assert event["multiValueQueryStringParameters"] == {"q": ["1"]}
    assert event["requestContext"]["stage"] == "$default"


@pytest.mark.parametrize(
    ("verb", "path", "key"),
    [
        ("GET", "/items/fixed", "GET /items/fixed"),
        ("GET", "/items/7", "GET /items/{id}"),
        ("POST", "/items/7", "ANY /items/{id}"),
        ("POST", "/items/fixed", "ANY /items/{id}"),
    ],
)
def test_the_most_specific_route_wins(api: Any, verb: str, path: str, key: str) -> None:
    assert json.loads(api(path, verb)[2])["routeKey"] == key


def test_a_stage_is_named_in_the_path(api: Any) -> None:
    event = json.loads(api("/slow/items/7")[2])
    assert (event["requestContext"]["stage"], event["rawPath"]) == ("slow", "/slow/items/7")
    assert "stageVariables" not in event


@pytest.mark.parametrize(("content_type", "encoded"), [("application/json", False), ("image/png", True)])
def test_bodies_that_are_no_text_arrive_as_base64(api: Any, content_type: str, encoded: bool) -> None:
    event = json.loads(api("/open", "POST", b"{}", Content_Type=content_type)[2])
    assert (event["body"], event["isBase64Encoded"]) == ("e30=" if encoded else "{}", encoded)


@pytest.mark.parametrize(
    ("what", "status", "content_type", "body"),
    [
        ("text", 200, "application/json", b"Hello from Lambda!"),
        ("object", 200, "application/json", b'{"key": "value"}'),
        ("number", 200, "application/json", b"7"),
        ("binary", 200, "application/octet-stream", b"\x00\xff"),
        ("teapot", 418, "text/plain; charset=utf-8", b"short"),
    ],
)
def test_what_an_answer_means(api: Any, what: str, status: int, content_type: str, body: bytes) -> None:
    got, headers, answer = api(f"/open?do={what}")
    assert (got, headers["Content-Type"], answer) == (status, content_type, body)
    if what == "teapot":
        assert (headers.get_all("Set-Cookie"), headers["X-Own"]) == (["a=1", "b=2"], "true")


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/open?do=raise", 500, "Internal Server Error"),
        ("/open?do=malformed", 500, "Internal Server Error"),
        ("/open?do=sleep", 503, "Service Unavailable"),
        ("/nowhere", 404, "Not Found"),
        ("/", 404, "Not Found"),
        ("/%ff/%fe", 404, "Not Found"),
        ("/files/", 404, "Not Found"),
    ],
)
def test_errors(api: Any, path: str, status: int, message: str) -> None:
    got, _, body = api(path)
    assert (got, json.loads(body)) == (status, {"message": message})


def test_a_payload_over_ten_megabytes_is_refused(api: Any) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""
    status, _, body = api("/open", "POST", b"x" * (10 * 1024 * 1024 + 1))
    assert (status, json.loads(body)) == (413, {"message": "Request Entity Too Large"})
    assert api("/open", X_Large="x" * 10_241)[0] == 431


def test_a_preflight_request_needs_no_route(api: Any) -> None:
    ask = {"Origin": "https://a.example", "Access_Control_Request_Method": "POST"}
    status, headers, body = api("/nowhere", "OPTIONS", **ask)
    found = {name.lower().removeprefix("access-control-"): value for name, value in headers.items()}
    assert (status, body, found["allow-origin"], found["max-age"]) == (204, b"", "https://a.example", "300")
    assert (found["allow-methods"], found["allow-headers"]) == ("GET,POST", "authorization")
    assert found["allow-credentials"] == "true"
    status, headers, _ = api("/nowhere", "OPTIONS", **{**ask, "Origin": "https://b.example"})
    assert (status, headers["Access-Control-Allow-Origin"]) == (204, None)


def test_the_apis_cors_headers_replace_the_functions(api: Any) -> None:
    _, headers, _ = api("/open?do=cors", Origin="https://a.example")
    assert headers.get_all("Access-Control-Allow-Origin") == ["https://a.example"]
    assert headers["Access-Control-Expose-Headers"] == "x-own"
    assert api("/open?do=cors", Origin="https://b.example")[1]["Access-Control-Allow-Origin"] is None
    assert api("/nowhere", Origin="https://a.example")[1]["Access-Control-Allow-Origin"] == "https://a.example"


def test_routes_are_throttled_by_their_own_settings_or_the_stages(api: Any) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html"""
    assert [api("/slow/items/fixed")[0] for _ in range(2)] == [200, 429]
    assert [api("/slow/open")[0] for _ in range(4)][-1] == 429
    status, _, body = api("/slow/open")
    assert (status, json.loads(body)) == (429, {"message": "Too Many Requests"})
    assert (api("/slow/items/8", "POST")[0], api("/items/fixed")[0]) == (200, 200)


def test_a_stage_without_automatic_deployment_serves_its_deployment(api: Any, local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html"""
    deployment = of_api("Deployment") | {"DependsOn": ["Open"]}
    fixed = {"Kept": deployment, "Fix": of_api("Stage", StageName="fix", DeploymentId={"Ref": "Kept"})}
    local_cloud.deploy(HttpApi=template(local_cloud, **fixed))
    later = {"Later": route("GET /later")}
    local_cloud.deploy(HttpApi=template(local_cloud, **fixed, **later))
    assert (api("/fix/open")[0], api("/later")[0], api("/fix/later")[0]) == (200, 200, 404)
    moved = {
        "New": deployment | {"DependsOn": ["Later"]},
        "Fix": of_api("Stage", StageName="fix", DeploymentId={"Ref": "New"}),
    }
    local_cloud.deploy(HttpApi=template(local_cloud, **{**fixed, **later, **moved}))
    assert api("/fix/later")[0] == 200


def test_deployments_through_the_api(api: Any, local_cloud: Any) -> None:
    client = local_cloud.place.client("apigatewayv2")
    client.create_stage(ApiId=api.outputs["Id"], StageName="manual")
    assert api("/manual/open")[0] == 404
    made = client.create_deployment(ApiId=api.outputs["Id"], StageName="manual", Description="first")
    assert (made["DeploymentStatus"], api("/manual/open")[0]) == ("DEPLOYED", 200)
    found = client.get_deployment(ApiId=api.outputs["Id"], DeploymentId=made["DeploymentId"])
    assert (found["Description"], found["AutoDeployed"]) == ("first", False)
    client.update_stage(ApiId=api.outputs["Id"], StageName="manual", StageVariables={"colour": "red"})
    assert json.loads(api("/manual/open")[2])["stageVariables"] == {"colour": "red"}
    client.delete_deployment(ApiId=api.outputs["Id"], DeploymentId=made["DeploymentId"])
    ids = [one["DeploymentId"] for one in client.get_deployments(ApiId=api.outputs["Id"])["Items"]]
    assert made["DeploymentId"] not in ids
    client.delete_stage(ApiId=api.outputs["Id"], StageName="manual")


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        ({"Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "x", "ProtocolType": "WEBSOCKET"}}},
         "WEBSOCKET APIs are not emulated"),
        ({"Proxy": of_api("Integration", IntegrationType="HTTP_PROXY", IntegrationMethod="GET",
                          IntegrationUri="http://localhost/")}, "type HTTP_PROXY"),
        ({"Queue": of_api("Integration", IntegrationType="AWS_PROXY", IntegrationSubtype="SQS-SendMessage")},
         "SQS-SendMessage"),
        ({"Jwt": of_api("Authorizer", Name="j", AuthorizerType="JWT", IdentitySource=["$request.header.Authorization"],
                        JwtConfiguration={"Issuer": "https://issuer.example", "Audience": ["x"]})}, "issuer.example"),
    ],
    ids=["websocket", "http", "service", "issuer"],
)  # fmt: skip
def test_what_is_not_emulated_is_refused_at_deployment(local_cloud: Any, resources: Any, reason: str) -> None:
    http = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "refused", "ProtocolType": "HTTP"}}
    with pytest.raises(Exception, match=reason):
        local_cloud.deploy(HttpRefused={"Resources": {"Http": http, **resources}})
    names = [one["Name"] for one in local_cloud.place.client("apigatewayv2").get_apis()["Items"]]
    assert "refused" not in names
