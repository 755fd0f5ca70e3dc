"""REST APIs over HTTP at the address that clients use: paths, events, answers, errors, malformed requests.

Expectations: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.rest_api import ROOT, deployed, http_call, method, of_api, resource

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


@pytest.fixture(scope="module")
def api(local_cloud: Any) -> Any:
    text = {"type": "object", "required": ["question"], "properties": {"part": {"$ref": "URL/models/Part"}}}
    url = "https://apigateway.amazonaws.com/restapis/x"
    resources = {
        "Role": local_cloud.role(),
        "Api": local_cloud.function(API),
        "Rest": {"Type": "AWS::ApiGateway::RestApi",
                 "Properties": {"Name": "test", "BinaryMediaTypes": ["application/octet-stream"]}},
        "Open": resource(ROOT, "open"),
        "OpenGet": method({"Ref": "Open"}),
        "Items": resource(ROOT, "items"),
        "Item": resource({"Ref": "Items"}, "{id}"),
        "ItemGet": method({"Ref": "Item"}),
        "Fixed": resource({"Ref": "Items"}, "fixed"),
        "FixedGet": method({"Ref": "Fixed"}),
        "Greedy": resource({"Ref": "Items"}, "{proxy+}"),
        "GreedyAny": method({"Ref": "Greedy"}, "ANY"),
        "Validator": of_api("RequestValidator", ValidateRequestBody=True, ValidateRequestParameters=True),
        "Part": of_api("Model", Name="Part", ContentType="application/json", Schema={"type": "string"}),
        "Model": of_api("Model", Name="Ask", ContentType="application/json",
                        Schema=json.loads(json.dumps(text).replace("URL", url))),
        "OpenPost": method({"Ref": "Open"}, "POST", RequestValidatorId={"Ref": "Validator"},
                           RequestModels={"application/json": {"Ref": "Model"}},
                           RequestParameters={"method.request.querystring.q": True}),
        "OpenPut": method({"Ref": "Open"}, "PUT"),
    }  # fmt: skip
    body = {
        "Resources": deployed(resources, Variables={"colour": "blue"}),
        "Outputs": {"Id": {"Value": {"Ref": "Rest"}}},
    }
    outputs = local_cloud.outputs(local_cloud.deploy(RestApi=body), "RestApi")
    base = f"{local_cloud.place.endpoint_url}/_aws/execute-api/{outputs['Id']}/live"

    def call(path: str, *arguments: Any, **headers: str) -> tuple[int, Any, bytes]:
        return http_call(base + path, *arguments, **headers)

    call.id, call.base = outputs["Id"], base  # type: ignore[attr-defined]
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


@pytest.mark.parametrize("path", ["other/open", "", "liv%FF/open"])
def test_an_unknown_stage_is_forbidden(api: Any, path: str) -> None:
    status, _, body = http_call(f"{api.base.rpartition('/')[0]}/{path}")
    assert (status, json.loads(body)) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/open?q=1", b'{"question": "x"}', 200, None),
        ("/open?q=1", b'{"question": "x", "part": "text"}', 200, None),
        ("/open?q=1", b'{"question": "x", "part": 1}', 400, "Invalid request body"),
        ("/open", b'{"question": "x"}', 400, "Missing required request parameters: [q]"),
        ("/open?q=", b'{"question": "x"}', 400, "Missing required request parameters: [q]"),
        ("/open?q=1", b'{"other": 1}', 400, "Invalid request body"),
        ("/open?q=1", b"{broken", 400, "Invalid request body"),
        ("/open?q=1", b"\xff\xfe\x00", 400, "Invalid request body"),
        ("/open?q=1", b"[" * 100_000, 400, "Invalid request body"),
    ],
    ids=["right", "reference", "reference-breaks", "parameter", "empty", "required", "no-json", "no-utf8", "nested"],
)
def test_the_request_validator(api: Any, path: str, body: bytes, status: int, message: str | None) -> None:
    got, _, answer = api(path, "POST", body, Content_Type="application/json")
    assert got == status
    if message:
        assert json.loads(answer) == {"message": message}


def test_a_body_of_another_type_than_the_models_is_not_validated(api: Any) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html"""
    assert api("/open?q=1", "POST", b"no json", Content_Type="text/plain")[0] == 200


def test_bodies_of_binary_media_types_arrive_as_base64(api: Any) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html"""
    event = json.loads(api("/open", "PUT", b"\x00\xff", Content_Type="application/octet-stream")[2])
    assert (event["body"], event["isBase64Encoded"]) == ("AP8=", True)
    event = json.loads(api("/open", "PUT", b"plain", Content_Type="text/plain")[2])
    assert (event["body"], event["isBase64Encoded"]) == ("plain", False)


def test_headers_over_ten_kilobytes_are_refused(api: Any) -> None:
    status, _, body = api("/open", X_Large="x" * 10_241)
    assert (status, json.loads(body)) == (431, {"message": "HTTP header is larger than 10240 bytes."})
    assert api("/open", X_Large="x" * 9_000)[0] == 200


def test_a_path_that_is_no_utf_8_reaches_the_function_with_the_replacement_character(api: Any) -> None:
    assert json.loads(api("/items/%ff%fe")[2])["pathParameters"] == {"id": "\ufffd\ufffd"}


@pytest.mark.parametrize("length", ["abc", "-5", "100"])
def test_a_wrong_content_length_is_a_bad_request(api: Any, length: str) -> None:
    """The last one promises more than it sends: https://www.rfc-editor.org/rfc/rfc9112#section-8"""
    url = urlsplit(api.base)
    with socket.create_connection((url.hostname, url.port), timeout=30) as connection:
        head = f"PUT {url.path}/open HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\nshort"
        connection.sendall(head.encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.split(b"\r\n")[0].split()[1] == b"400", answer


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"Integration": {"Type": "HTTP", "IntegrationHttpMethod": "GET", "Uri": "http://localhost/"}}, "type HTTP"),
        ({"Integration": {"Type": "AWS", "IntegrationHttpMethod": "POST",
                          "Uri": "arn:aws:apigateway:us-east-1:sqs:path/1/q"}}, "type AWS"),
        ({"Integration": {"Type": "MOCK", "RequestTemplates": {"application/json": "#foreach($a in $b)#end"}}},
         "#foreach is not emulated"),
    ],
    ids=["http", "service", "template"],
)  # fmt: skip
def test_what_is_not_emulated_is_refused_at_deployment(local_cloud: Any, broken: Any, reason: str) -> None:
    resources = {
        "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "refused"}},
        "Get": method(ROOT, **broken),
    }
    with pytest.raises(Exception, match=reason):
        local_cloud.deploy(Refused={"Resources": resources})
    names = [api["name"] for api in local_cloud.place.client("apigateway").get_rest_apis()["items"]]
    assert "refused" not in names


def test_without_binary_media_types_base64_stays_text(local_cloud: Any) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html"""
    resources = {
        "Role": local_cloud.role(),
        "Api": local_cloud.function(API),
        "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "texts"}},
        "Open": resource(ROOT, "open"),
        "OpenGet": method({"Ref": "Open"}),
    }
    body = {"Resources": deployed(resources), "Outputs": {"Id": {"Value": {"Ref": "Rest"}}}}
    outputs = local_cloud.outputs(local_cloud.deploy(Texts=body), "Texts")
    base = f"{local_cloud.place.endpoint_url}/_aws/execute-api/{outputs['Id']}/live"
    assert http_call(f"{base}/open?do=binary")[2] == b"AP8="
