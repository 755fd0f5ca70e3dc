"""REST APIs over HTTP at the address that clients use.

Expectations: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from slipway_local.rest_api.policy import evaluate

pytestmark = pytest.mark.capability("O14")

API = """
import base64, time
def handler(event, context):
    what = (event.get("queryStringParameters") or {}).get("do")
    if what == "raise": raise ValueError("no")
    if what == "malformed": return {"body": "no status code"}
    if what == "sleep": time.sleep(3)
    if what == "binary":
        return {"statusCode": 200, "isBase64Encoded": True, "body": base64.b64encode(b"\\x00\\xff").decode(),
                "headers": {"content-type": "application/octet-stream"}}
    if what == "teapot": return {"statusCode": 418, "body": "short", "multiValueHeaders": {"X-Two": ["1", "2"]}}
    import json
    return {"statusCode": 200, "body": json.dumps(event)}
"""
AUTHORIZE = """
def handler(event, context):
    token = event["authorizationToken"].removeprefix("Bearer ")
    print("asked", token)
    if token == "unauthorized": raise Exception("Unauthorized")
    if token == "broken": raise KeyError("broken")
    if token == "no-policy": return {"principalId": "x"}
    effect = "Deny" if token == "denied" else "Allow"
    resource = "arn:aws:execute-api:*:*:*/live/GET/open" if token == "narrow" else event["methodArn"]
    context = {"tenant": "acme", "level": 3, "admin": True}
    if token == "bad-context": context = {"list": [1]}
    return {"principalId": "user", "context": context, "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}]}}
"""


def method(resource: Any, verb: str = "GET", **more: Any) -> dict[str, Any]:
    uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Api.Arn}/invocations"
    integration = {
        "Type": "AWS_PROXY",
        "IntegrationHttpMethod": "POST",
        "Uri": {"Fn::Sub": uri},
        "TimeoutInMillis": 1500,
    }
    return {
        "Type": "AWS::ApiGateway::Method",
        "Properties": {
            "RestApiId": {"Ref": "Rest"}, "ResourceId": resource, "HttpMethod": verb,
            "AuthorizationType": "NONE", "Integration": integration, **more,
        },
    }  # fmt: skip


def resource(parent: Any, part: str) -> dict[str, Any]:
    properties = {"RestApiId": {"Ref": "Rest"}, "ParentId": parent, "PathPart": part}
    return {"Type": "AWS::ApiGateway::Resource", "Properties": properties}


def of_api(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::ApiGateway::{kind}", "Properties": {"RestApiId": {"Ref": "Rest"}, **properties}}


@pytest.fixture(scope="module")
def api(local_cloud: Any) -> Any:
    root = {"Fn::GetAtt": ["Rest", "RootResourceId"]}
    uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${Authorize.Arn}/invocations"
    custom = {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Authorizer"}}
    origin = {"method.response.header.Access-Control-Allow-Origin": "'*'"}
    preflight = {
        "Type": "MOCK",
        "RequestTemplates": {"application/json": '{"statusCode": 204}'},
        "IntegrationResponses": [{"StatusCode": "204", "ResponseParameters": origin}],
    }
    template = '{"error":{"message":$context.error.messageString}}'
    resources = {
        "Role": local_cloud.role(),
        "Api": local_cloud.function(API),
        "Authorize": local_cloud.function(AUTHORIZE),
        "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "test"}},
        "Authorizer": of_api("Authorizer", Name="a", Type="TOKEN", AuthorizerUri={"Fn::Sub": uri},
                             IdentitySource="method.request.header.Authorization",
                             IdentityValidationExpression="Bearer .+", AuthorizerResultTtlInSeconds=300),
        "Open": resource(root, "open"),
        "OpenGet": method({"Ref": "Open"}),
        "OpenOptions": method({"Ref": "Open"}, "OPTIONS", Integration=preflight,
                              MethodResponses=[{"StatusCode": "204", "ResponseParameters": {
                                  "method.response.header.Access-Control-Allow-Origin": True}}]),
        "Closed": resource(root, "closed"),
        "ClosedGet": method({"Ref": "Closed"}, **custom),
        "ClosedOther": resource(root, "other"),
        "ClosedOtherGet": method({"Ref": "ClosedOther"}, **custom),
        "Items": resource(root, "items"),
        "Item": resource({"Ref": "Items"}, "{id}"),
        "ItemGet": method({"Ref": "Item"}),
        "Fixed": resource({"Ref": "Items"}, "fixed"),
        "FixedGet": method({"Ref": "Fixed"}),
        "Greedy": resource({"Ref": "Items"}, "{proxy+}"),
        "GreedyAny": method({"Ref": "Greedy"}, "ANY"),
        "Validator": of_api("RequestValidator", ValidateRequestBody=True, ValidateRequestParameters=True),
        "Model": of_api("Model", Name="Ask", ContentType="application/json",
                        Schema={"type": "object", "required": ["question"]}),
        "OpenPost": method({"Ref": "Open"}, "POST", RequestValidatorId={"Ref": "Validator"},
                           RequestModels={"application/json": {"Ref": "Model"}},
                           RequestParameters={"method.request.querystring.q": True}),
        "Unauthorised": of_api("GatewayResponse", ResponseType="UNAUTHORIZED", StatusCode="401",
                               ResponseParameters={"gatewayresponse.header.X-Reason": "'no key'"},
                               ResponseTemplates={"application/json": template}),
        "Deployment": of_api("Deployment") | {"DependsOn": ["OpenGet"]},
        "Stage": of_api("Stage", StageName="live", DeploymentId={"Ref": "Deployment"}, Variables={"colour": "blue"}),
    }  # fmt: skip
    body = {
        "Resources": resources,
        "Outputs": {"Id": {"Value": {"Ref": "Rest"}}, "Authorize": {"Value": {"Ref": "Authorize"}}},
    }
    outputs = local_cloud.outputs(local_cloud.deploy(RestApi=body), "RestApi")
    base = f"{local_cloud.place.endpoint_url}/_aws/execute-api/{outputs['Id']}/live"

    def call(path: str, verb: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, Any, bytes]:
        names = {key.replace("_", "-"): value for key, value in headers.items()}
        request = urllib.request.Request(base + path, data=body, method=verb, headers=names)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    call.authorize_name = outputs["Authorize"]  # type: ignore[attr-defined]
    call.id = outputs["Id"]  # type: ignore[attr-defined]
    return call


def test_a_proxied_function_gets_the_documented_event(api: Any) -> None:
    status, headers, body = api("/open?a=1&a=2&b=%C3%BC", X_Own="yes")
    event = json.loads(body)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert headers["x-amzn-RequestId"] == event["requestContext"]["requestId"]
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/open", "/open", "GET")
    assert event["queryStringParameters"] == {"a": "2", "b": "ü"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["ü"]}
    assert (event["headers"]["X-Own"], event["multiValueHeaders"]["X-Own"]) == ("yes", ["yes"])
    assert (event["body"], event["isBase64Encoded"], event["pathParameters"]) == (None, False, None)
    assert event["stageVariables"] == {"colour": "blue"}
    context = event["requestContext"]
    assert (context["path"], context["stage"], context["resourcePath"]) == ("/live/open", "live", "/open")
    assert (context["accountId"], context["apiId"], context["identity"]["sourceIp"]) == (
        "123456789012",
        api.id,
        "127.0.0.1",
    )


@pytest.mark.parametrize(
    ("path", "resource_path", "parameters"),
    [
        ("/items/doc_1%20x", "/items/{id}", {"id": "doc_1 x"}),
        ("/items/fixed", "/items/fixed", None),
        ("/items/a/b/c", "/items/{proxy+}", {"proxy": "a/b/c"}),
    ],
)
def test_paths_find_the_most_specific_resource(api: Any, path: str, resource_path: str, parameters: Any) -> None:
    event = json.loads(api(path)[2])
    assert (event["resource"], event["pathParameters"]) == (resource_path, parameters)


def test_answers_keep_status_headers_and_bytes(api: Any) -> None:
    status, headers, body = api("/open?do=binary")
    assert (status, headers["content-type"], body) == (200, "application/octet-stream", b"\x00\xff")
    status, headers, body = api("/open?do=teapot")
    assert (status, headers.get_all("X-Two"), body) == (418, ["1", "2"], b"short")


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/open?do=raise", 502, "Internal server error"),
        ("/open?do=malformed", 502, "Internal server error"),
        ("/open?do=sleep", 504, "Endpoint request timed out"),
        ("/nowhere", 403, "Missing Authentication Token"),
        ("/items", 403, "Missing Authentication Token"),
    ],
)
def test_errors_are_gateway_responses(api: Any, path: str, status: int, message: str) -> None:
    got, _, body = api(path)
    assert (got, json.loads(body)) == (status, {"message": message})


def test_a_payload_over_ten_megabytes_is_refused(api: Any) -> None:
    status, _, body = api("/open?q=1", "POST", b"x" * (10 * 1024 * 1024 + 1))
    assert (status, json.loads(body)["message"]) == (413, "Request Too Long")


def test_an_unknown_stage_is_forbidden(api: Any, local_cloud: Any) -> None:
    url = f"{local_cloud.place.endpoint_url}/_aws/execute-api/{api.id}/other/open"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url, timeout=30)
    assert (caught.value.code, json.load(caught.value)) == (403, {"message": "Forbidden"})


def test_an_allowed_token_passes_its_context_as_text(api: Any) -> None:
    status, _, body = api("/closed", Authorization="Bearer good")
    assert status == 200
    authorizer = json.loads(body)["requestContext"]["authorizer"]
    assert authorizer == {"principalId": "user", "tenant": "acme", "level": "3", "admin": "true"}


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({}, 401, {"error": {"message": "Unauthorized"}}),
        ({"Authorization": "Basic x"}, 401, {"error": {"message": "Unauthorized"}}),
        ({"Authorization": "Bearer unauthorized"}, 401, {"error": {"message": "Unauthorized"}}),
        ({"Authorization": "Bearer denied"}, 403,
         {"Message": "User is not authorized to access this resource with an explicit deny"}),
        ({"Authorization": "Bearer narrow"}, 403, {"Message": "User is not authorized to access this resource"}),
        ({"Authorization": "Bearer broken"}, 500, {"message": None}),
        ({"Authorization": "Bearer no-policy"}, 500, {"message": None}),
        ({"Authorization": "Bearer bad-context"}, 500, {"message": None}),
    ],
    ids=["no-header", "expression", "unauthorized", "deny", "implicit", "error", "no-policy", "bad-context"],
)  # fmt: skip
def test_what_the_authorizer_does_not_allow(api: Any, headers: dict[str, str], status: int, body: Any) -> None:
    got, answer_headers, answer = api("/closed", **headers)
    assert (got, json.loads(answer)) == (status, body)
    if status == 401:
        assert answer_headers["X-Reason"] == "no key"


def test_the_authorizers_answer_is_cached_by_token(api: Any, local_cloud: Any) -> None:
    for _ in range(3):
        assert api("/closed", Authorization="Bearer cached")[0] == 200
    # The cached policy allows only the method it was asked for, as documented for methodArn policies.
    assert api("/other", Authorization="Bearer cached")[0] == 403
    log = (local_cloud.state / "logs" / f"{api.authorize_name}.log").read_text().splitlines()
    assert log.count("asked cached") == 1


def test_a_preflight_request_is_answered_by_the_mock(api: Any) -> None:
    status, headers, body = api("/open", "OPTIONS")
    assert (status, headers["Access-Control-Allow-Origin"], body) == (204, "*", b"")


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/open?q=1", b'{"question": "x"}', 200, None),
        ("/open", b'{"question": "x"}', 400, "Missing required request parameters: [q]"),
        ("/open?q=1", b'{"other": 1}', 400, "Invalid request body"),
        ("/open?q=1", b"{broken", 400, "Invalid request body"),
    ],
)
def test_the_request_validator(api: Any, path: str, body: bytes, status: int, message: str | None) -> None:
    got, _, answer = api(path, "POST", body, Content_Type="application/json")
    assert got == status
    if message:
        assert json.loads(answer) == {"message": message}


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([("Allow", "execute-api:Invoke", "*")], True),
        ([("Allow", "execute-api:*", "arn:aws:execute-api:us-east-1:1:api/live/*/v1/*")], True),
        ([("Allow", "execute-api:Invoke", "arn:aws:execute-api:us-east-1:1:api/live/POST/*")], None),
        ([("Allow", "*", "*"), ("Deny", "execute-api:Invoke", "*/v1/models")], False),
        ([("Allow", "s3:GetObject", "*")], None),
    ],
)
def test_policies_are_evaluated_with_explicit_deny_first(statements: Any, verdict: bool | None) -> None:
    document = {"Statement": [dict(zip(("Effect", "Action", "Resource"), one, strict=True)) for one in statements]}
    assert evaluate(document, "arn:aws:execute-api:us-east-1:1:api/live/GET/v1/models") is verdict
