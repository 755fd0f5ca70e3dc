"""CloudFormation resources of a REST API, and HTTP calls that return errors as answers."""

import urllib.error
import urllib.request
from typing import Any

URI = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${NAME.Arn}/invocations"
ROOT = {"Fn::GetAtt": ["Rest", "RootResourceId"]}
ECHO = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}
"""


def uri(function: str) -> dict[str, str]:
    """The URI by which API Gateway names a function."""
    return {"Fn::Sub": URI.replace("NAME", function)}


def of_api(kind: str, **properties: Any) -> dict[str, Any]:
    """A resource of the API `Rest`."""
    return {"Type": f"AWS::ApiGateway::{kind}", "Properties": {"RestApiId": {"Ref": "Rest"}, **properties}}


def method(resource: Any, verb: str = "GET", *, function: str = "Api", **more: Any) -> dict[str, Any]:
    """A method that proxies to a function within 1.5 seconds."""
    integration = {
        "Type": "AWS_PROXY",
        "IntegrationHttpMethod": "POST",
        "Uri": uri(function),
        "TimeoutInMillis": 1500,
    }
    settings = {"AuthorizationType": "NONE", "Integration": integration, **more}
    return of_api("Method", ResourceId=resource, HttpMethod=verb, **settings)


def resource(parent: Any, part: str) -> dict[str, Any]:
    """A part of a path."""
    return of_api("Resource", ParentId=parent, PathPart=part)


def deployed(resources: dict[str, Any], deployment: str = "Deployment", **stage: Any) -> dict[str, Any]:
    """The resources with a deployment after all of them, and the stage `live`."""
    skipped = ("UsagePlan", "UsagePlanKey", "ApiKey", "Deployment", "Stage")
    parts = [key for key, one in resources.items() if one["Type"].startswith("AWS::ApiGateway::")]
    parts = [key for key in parts if resources[key]["Type"].rpartition(":")[2] not in skipped]
    return resources | {
        deployment: of_api("Deployment") | {"DependsOn": parts},
        "Stage": of_api("Stage", StageName="live", DeploymentId={"Ref": deployment}, **stage),
    }


class Caller:
    """Calls the API of a deployed stack, whose `outputs` it holds; `base` is the address of a stage."""

    def __init__(self, base: str, outputs: dict[str, str]) -> None:
        self._base, self.outputs = base, outputs

    def __call__(self, path: str, *arguments: Any, **headers: str) -> tuple[int, Any, bytes]:
        """Return status, headers and body of the answer."""
        return http_call(self._base + path, *arguments, **headers)


def custom(authorizer: str) -> dict[str, Any]:
    """What a method or a route says of the Lambda authorizer that decides on it."""
    return {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": authorizer}}


def shown(*names: str) -> dict[str, Any]:
    """The outputs of a template that `Ref` these resources."""
    return {name: {"Value": {"Ref": name}} for name in names}


def http_call(url: str, verb: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, Any, bytes]:
    """Status, headers and body of an answer; underscores in header names are dashes."""
    names = {key.replace("_", "-"): value for key, value in headers.items()}
    request = urllib.request.Request(url, data=body, method=verb, headers=names)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()
