"""CloudFormation resources of an HTTP API."""

from typing import Any


def of_api(kind: str, **properties: Any) -> dict[str, Any]:
    """A resource of the API `Http`."""
    return {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": {"ApiId": {"Ref": "Http"}, **properties}}


def integration(function: str = "Api", version: str = "2.0", **more: Any) -> dict[str, Any]:
    """An integration as CDK writes it: the function's own ARN."""
    uri = {"Fn::GetAtt": [function, "Arn"]}
    return of_api("Integration", IntegrationType="AWS_PROXY", IntegrationUri=uri, PayloadFormatVersion=version, **more)


def route(key: str, target: str = "Two", **more: Any) -> dict[str, Any]:
    """A route to an integration."""
    return of_api("Route", RouteKey=key, Target={"Fn::Sub": f"integrations/${{{target}}}"}, **more)
