"""What a REST API answers by itself: CORS preflight, gateway responses; and which configuration it serves.

Expectations: https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-deploy-api.html
"""

import json
from typing import Any

import pytest

from slipway_local.rest_api.vtl import TemplateSyntaxError, compile_template
from support.rest_api import ECHO, ROOT, deployed, http_call, method, of_api, resource

pytestmark = pytest.mark.capability("O14")

# As aws-cdk-lib 2.275 writes it for `default_cors_preflight_options` with two origins.
ORIGINS = """#set($origin = $input.params().header.get("Origin"))
#if($origin == "")
  #set($origin = $input.params().header.get("origin"))
#end
#if($origin == "https://b.example")
  #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
#end"""
HEADERS = {
    "Access-Control-Allow-Headers": "'Content-Type,Authorization,X-Api-Key'",
    "Access-Control-Allow-Origin": "'https://a.example'",
    "Vary": "'Origin'",
    "Access-Control-Allow-Methods": "'GET'",
    "Access-Control-Allow-Credentials": "'true'",
    "Access-Control-Max-Age": "'300'",
}
PREFLIGHT = {
    "Type": "MOCK",
    "RequestTemplates": {"application/json": "{ statusCode: 200 }"},
    "IntegrationResponses": [
        {
            "StatusCode": "204",
            "ResponseParameters": {f"method.response.header.{name}": value for name, value in HEADERS.items()},
            "ResponseTemplates": {"application/json": ORIGINS},
        }
    ],
}
TEAPOT = {
    "Type": "MOCK",
    "RequestTemplates": {"application/json": "{\"statusCode\": #if($input.params('q') == 'tea') 418 #else 200 #end}"},
    "IntegrationResponses": [
        {"StatusCode": "200", "ResponseTemplates": {"application/json": '{"id": "$context.requestId"}'}},
        {
            "StatusCode": "418",
            "SelectionPattern": "4\\d\\d",
            "ResponseParameters": {"method.response.header.X-Colour": "stageVariables.colour"},
            "ResponseTemplates": {"application/json": '{"q": "$util.escapeJavaScript($input.params(\'q\'))"}'},
        },
    ],
}


def methods_of(responses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Method responses that declare each header of the integration's responses."""
    return [
        {"StatusCode": one["StatusCode"], "ResponseParameters": dict.fromkeys(one.get("ResponseParameters", {}), True)}
        for one in responses
    ]


def mock(path: Any, verb: str, integration: dict[str, Any]) -> dict[str, Any]:
    responses = methods_of(integration["IntegrationResponses"])
    return method(path, verb, Integration=integration, MethodResponses=responses)


def template(local_cloud: Any, deployment: str = "First", **more: Any) -> dict[str, Any]:
    resources = {
        "Role": local_cloud.role(),
        "Api": local_cloud.function(ECHO),
        "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "responses"}},
        "Open": resource(ROOT, "open"),
        "OpenOptions": mock({"Ref": "Open"}, "OPTIONS", PREFLIGHT),
        "OpenGet": mock({"Ref": "Open"}, "GET", TEAPOT),
        "OpenPost": method({"Ref": "Open"}, "POST", ApiKeyRequired=True),
        "Missing": of_api(
            "GatewayResponse", ResponseType="MISSING_AUTHENTICATION_TOKEN", StatusCode="404",
            ResponseParameters={"gatewayresponse.header.X-Path": "method.request.header.X-From",
                                "gatewayresponse.header.X-Id": "context.requestId"},
            ResponseTemplates={"application/json": '{"error":{"message":$context.error.messageString}}',
                               "text/plain": "$context.error.responseType at $context.path"},
        ),
        "Clients": of_api("GatewayResponse", ResponseType="DEFAULT_4XX",
                          ResponseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}),
        **more,
    }  # fmt: skip
    body = {"Resources": deployed(resources, deployment, Variables={"colour": "blue"})}
    return body | {"Outputs": {"Id": {"Value": {"Ref": "Rest"}}}}


@pytest.fixture(scope="module")
def api(local_cloud: Any) -> Any:
    outputs = local_cloud.outputs(local_cloud.deploy(Responses=template(local_cloud)), "Responses")
    base = f"{local_cloud.place.endpoint_url}/_aws/execute-api/{outputs['Id']}/live"
    return lambda path, *arguments, **headers: http_call(base + path, *arguments, **headers)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://a.example", "https://a.example"),
        ("https://b.example", "https://b.example"),
        ("https://c.example", "https://a.example"),
    ],
)
def test_a_preflight_request_gets_the_headers_of_its_origin(api: Any, origin: str, allowed: str) -> None:
    status, headers, body = api("/open", "OPTIONS", Origin=origin, Access_Control_Request_Method="GET")
    assert (status, body, headers["Access-Control-Allow-Origin"]) == (204, b"", allowed)
    assert (headers["Access-Control-Max-Age"], headers["Vary"]) == ("300", "Origin")


def test_a_mock_selects_its_response_by_the_status_of_the_request_template(api: Any) -> None:
    status, headers, body = api("/open?q=tea")
    assert (status, headers["X-Colour"], json.loads(body)) == (418, "blue", {"q": "tea"})
    status, headers, body = api("/open?q=other")
    assert (status, json.loads(body)) == (200, {"id": headers["x-amzn-RequestId"]})


def test_a_gateway_response_changes_status_headers_and_body(api: Any) -> None:
    status, headers, body = api("/nowhere", X_From="here")
    assert (status, json.loads(body)) == (404, {"error": {"message": "Missing Authentication Token"}})
    assert (headers["X-Path"], headers["X-Id"]) == ("here", headers["x-amzn-RequestId"])
    status, headers, body = api("/nowhere", Accept="text/plain")
    assert (headers["Content-Type"], body) == ("text/plain", b"MISSING_AUTHENTICATION_TOKEN at /live/nowhere")


def test_the_default_4xx_response_adds_to_every_client_error_that_has_none(api: Any) -> None:
    status, headers, body = api("/open", "POST")
    assert (status, headers["Access-Control-Allow-Origin"]) == (403, "*")
    assert json.loads(body) == {"message": "Forbidden"}


def test_a_stage_serves_its_deployment_until_it_gets_another(api: Any, local_cloud: Any) -> None:
    added = {"Later": resource(ROOT, "later"), "LaterGet": method({"Ref": "Later"})}
    local_cloud.deploy(Responses=template(local_cloud, **added))
    assert api("/later")[0] == 404  # configured, but the deployment is the old one
    local_cloud.deploy(Responses=template(local_cloud, "Second", **added))
    assert api("/later")[0] == 200


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a $x b", "a 1 b"),
        ('{"a": $x}', '{"a": 1}'),
        ("${x}y $!{none}z", "1y z"),
        ("#if($x == 1)one#else other#end", "one"),
        ("#if($x != 1)one#elseif($x == 1 && !$none)two#end", "two"),
        ("#if(($x == 2 || $x == 1) && true)#set($y = 'z')$y#end", "z"),
        ("## a comment\n#* another *#x", "x"),
        ("$map.get('k') $map.k $map['k'] $map.none.get('k')", "v v v "),
        ('#set($y = "<$x>")$y', "<1>"),
    ],
)
def test_templates(source: str, shown: str) -> None:
    """https://velocity.apache.org/engine/1.7/user-guide.html"""
    assert compile_template(source)({"x": 1, "map": {"k": "v"}}) == shown


@pytest.mark.parametrize("source", ["#if($x)", "#end", "#set($x)", "#foreach($a in $b)#end", "#if($x > 1)#end"])
def test_templates_that_are_not_understood_are_refused(source: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        compile_template(source)
