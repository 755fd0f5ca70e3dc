"""Responses that stream: the Runtime API's streaming mode, InvokeWithResponseStream, and REST APIs.

Expectations: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming,
https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
"""

import http.client
import io
import json
import uuid
import zipfile
from typing import Any
from urllib.parse import urlsplit

import pytest

from slipway_local.functions.worker import interpreter

pytestmark = pytest.mark.capability("O14")

# A runtime of its own: it answers in parts, and sends the second only when the test has put an object into a bucket.
BOOTSTRAP = """#!{python}
import base64, http.client, json, os, time, urllib.request

def part(connection, data):
    connection.send(b"%x\\r\\n%b\\r\\n" % (len(data), data))

def wait_for(url):
    while True:
        try:
            return urllib.request.urlopen(url).read()
        except OSError:
            time.sleep(0.02)

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = api.getresponse()
    request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    event = json.loads(answer.read())
    if "requestContext" in event:
        event = event["queryStringParameters"] | {{"http": True}}
    api.putrequest("POST", f"/2018-06-01/runtime/invocation/{{request_id}}/response")
    api.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
    api.putheader("Content-Type", "application/vnd.awslambda.http-integration-response")
    api.putheader("Transfer-Encoding", "chunked")
    api.putheader("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body")
    api.endheaders()
    if event.get("http"):
        head = {{"statusCode": 201, "headers": {{"Content-Type": "text/event-stream", "X-Own": "yes"}}}}
        part(api, json.dumps(head).encode() + bytes(8))
    part(api, b"first ")
    wait_for(event["gate"])
    if event.get("die"):
        os._exit(4)
    part(api, b"second")
    api.send(b"0\\r\\n")
    if event.get("fail"):
        error = json.dumps({{"errorType": "Late.Failure", "errorMessage": "too late"}}).encode()
        api.send(b"Lambda-Runtime-Function-Error-Type: Late.Failure\\r\\n")
        api.send(b"Lambda-Runtime-Function-Error-Body: " + base64.b64encode(error) + b"\\r\\n")
    api.send(b"\\r\\n")
    api.getresponse().read()
"""


@pytest.fixture(scope="module")
def out(local_cloud: Any) -> dict[str, str]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as content:
        info = zipfile.ZipInfo("bootstrap")
        info.external_attr = 0o755 << 16
        content.writestr(info, BOOTSTRAP.format(python=interpreter()))
    s3 = local_cloud.place.client("s3")
    s3.create_bucket(Bucket="streaming-code")
    s3.put_object(Bucket="streaming-code", Key="code.zip", Body=buffer.getvalue())
    arn = {"Fn::GetAtt": ["Streams", "Arn"]}
    path = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2021-11-15/functions"
    uri = {"Fn::Sub": [f"{path}/${{Function}}/response-streaming-invocations", {"Function": arn}]}
    body: dict[str, Any] = {
        "Resources": {
            "Role": local_cloud.role(),
            "Streams": local_cloud.function("", Runtime="provided.al2023"),
            "Plain": local_cloud.function("def handler(e, c): return {'n': e['n']}"),
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "streams"}},
            "Get": {"Type": "AWS::ApiGateway::Method", "Properties": {
                "RestApiId": {"Ref": "Api"}, "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                "HttpMethod": "GET", "AuthorizationType": "NONE", "Integration": {
                    "Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": uri,
                    "ResponseTransferMode": "STREAM"}}},
            "Deployment": {"Type": "AWS::ApiGateway::Deployment", "DependsOn": "Get",
                           "Properties": {"RestApiId": {"Ref": "Api"}}},
            "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {
                "RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Deployment"}, "StageName": "v1"}},
        },
        "Outputs": {name: {"Value": {"Ref": name}} for name in ("Streams", "Plain", "Api")},
    }  # fmt: skip
    body["Resources"]["Streams"]["Properties"]["Code"] = {"S3Bucket": "streaming-code", "S3Key": "code.zip"}
    return dict(local_cloud.outputs(local_cloud.deploy(Streams=body), "Streams"))


class Gate:
    """An object that the function waits for before it sends its second part."""

    def __init__(self, local_cloud: Any) -> None:
        self._s3 = local_cloud.place.client("s3")
        self._key = uuid.uuid4().hex
        self.url = f"{local_cloud.place.endpoint_url}/streaming-code/{self._key}"

    def open(self) -> None:
        self._s3.put_object(Bucket="streaming-code", Key=self._key, Body=b"go", ACL="public-read")


def stream(local_cloud: Any, name: str, event: Any, **more: Any) -> Any:
    client = local_cloud.place.client("lambda")
    answer = client.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(event).encode(), **more)
    assert answer["StatusCode"] == 200
    return iter(answer["EventStream"])


def test_the_first_part_arrives_before_the_second_is_made(local_cloud: Any, out: Any) -> None:
    gate = Gate(local_cloud)
    events = stream(local_cloud, out["Streams"], {"gate": gate.url}, LogType="Tail")
    assert next(events) == {"PayloadChunk": {"Payload": b"first "}}
    gate.open()  # had the first part not come, the second never would
    assert next(events) == {"PayloadChunk": {"Payload": b"second"}}
    (end,) = events
    assert set(end["InvokeComplete"]) == {"LogResult"}


def test_a_failure_after_the_first_part_is_told_at_the_end(local_cloud: Any, out: Any) -> None:
    gate = Gate(local_cloud)
    gate.open()
    *_, end = stream(local_cloud, out["Streams"], {"gate": gate.url, "fail": True})
    assert end["InvokeComplete"] == {"ErrorCode": "Late.Failure", "ErrorDetails": "too late"}
    first, end = stream(local_cloud, out["Streams"], {"gate": gate.url, "die": True})
    assert first == {"PayloadChunk": {"Payload": b"first "}}
    assert end["InvokeComplete"]["ErrorCode"] == "Runtime.ExitError"


def test_a_buffered_call_gets_the_whole_of_a_streamed_result(local_cloud: Any, out: Any) -> None:
    gate = Gate(local_cloud)
    gate.open()
    answer = local_cloud.place.client("lambda").invoke(
        FunctionName=out["Streams"], Payload=json.dumps({"gate": gate.url}).encode()
    )
    assert answer["Payload"].read() == b"first second"


def test_a_function_that_does_not_stream_answers_in_one_part(local_cloud: Any, out: Any) -> None:
    only, end = stream(local_cloud, out["Plain"], {"n": 1})
    assert json.loads(only["PayloadChunk"]["Payload"]) == {"n": 1}
    assert end == {"InvokeComplete": {}}
    (end,) = stream(local_cloud, out["Plain"], {})
    assert end["InvokeComplete"] == {"ErrorCode": "KeyError", "ErrorDetails": "'n'"}


def test_an_unknown_function_is_not_found(local_cloud: Any) -> None:
    client = local_cloud.place.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke_with_response_stream(FunctionName="nobody", Payload=b"{}")


def get(local_cloud: Any, out: Any, query: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    address = urlsplit(local_cloud.place.endpoint_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    connection.request("GET", f"/_aws/execute-api/{out['Api']}/v1/?{query}")
    return connection, connection.getresponse()


def test_a_rest_api_passes_parts_on_as_they_come(local_cloud: Any, out: Any) -> None:
    gate = Gate(local_cloud)
    connection, answer = get(local_cloud, out, f"gate={gate.url}")
    assert (answer.status, answer.headers["Content-Type"], answer.headers["X-Own"]) == (201, "text/event-stream", "yes")
    assert answer.read(6) == b"first "
    gate.open()
    assert answer.read() == b"second"
    connection.close()


def test_a_function_that_dies_while_it_streams_breaks_the_body_off(local_cloud: Any, out: Any) -> None:
    gate = Gate(local_cloud)
    connection, answer = get(local_cloud, out, f"gate={gate.url}&die=1")
    assert answer.read(6) == b"first "
    gate.open()
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    connection.close()
