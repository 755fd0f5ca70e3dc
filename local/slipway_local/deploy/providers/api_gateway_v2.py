"""API Gateway HTTP APIs. WebSocket APIs, OpenAPI documents and integrations other than functions are refused."""

from typing import Any

from slipway_local.deploy.providers.api import Setting, api, tags
from slipway_local.deploy.providers.base import Context, Properties, Provider
from slipway_local.deploy.providers.calls import call
from slipway_local.http_api.authorizers import ISSUER


def _api(context: Context, properties: Properties) -> Properties:
    if properties.get("ProtocolType", "HTTP") != "HTTP":
        raise ValueError(f"{properties['ProtocolType']} APIs are not emulated; HTTP APIs are")
    for name in ("Body", "BodyS3Location", "Target", "RouteKey"):
        if name in properties:
            raise ValueError(f"{name} of an HTTP API is not emulated; define routes and integrations")
    return {"ProtocolType": "HTTP", **properties}


def _cors(context: Context, api_id: str, new: Properties, old: Properties) -> None:
    """Set the configuration or take it away: UpdateApi leaves out what it is not given."""
    cors = new.get("CorsConfiguration")
    operation = "update_api" if cors else "delete_cors_configuration"
    call(context.place, "apigatewayv2", operation, {"ApiId": api_id, "CorsConfiguration": cors})


def _integration(context: Context, properties: Properties) -> Properties:
    kind = properties["IntegrationType"]
    if kind != "AWS_PROXY" or "IntegrationSubtype" in properties:
        name = properties.get("IntegrationSubtype", kind)
        raise ValueError(f"integrations of type {name} are not emulated; AWS_PROXY with a Lambda function is")
    for name in ("RequestParameters", "ResponseParameters"):
        if properties.get(name):
            raise ValueError(f"{name} of an HTTP API's integration is not emulated; map them in the function")
    return properties


def _authorizer(context: Context, properties: Properties) -> Properties:
    if properties["AuthorizerType"] == "JWT":
        issuer = properties.get("JwtConfiguration", {}).get("Issuer", "")
        if not ISSUER.fullmatch(issuer):
            raise ValueError(f"the issuer {issuer!r} is not emulated; Cognito user pools of this environment are")
    return properties


def _v2(operation: str, ref: str, **rest: Any) -> Provider:
    return api("apigatewayv2", operation, ref, **rest)


def _of_api(parameter: str) -> dict[str, str]:
    return {"ApiId": "{ApiId}", parameter: "{id}"}


PROVIDERS: dict[str, Provider] = {
    "AWS::ApiGatewayV2::Api": _v2(
        "create_api", "@ApiId", name="Name", label=True, prepare=_api,
        defaults={"Description": "", "DisableExecuteApiEndpoint": False},
        settings=(Setting(_cors, "CorsConfiguration", created=False),
                  tags("apigatewayv2", "tag_resource", "untag_resource",
                       by="arn:{partition}:apigateway:{region}::/apis/{id}")),
        attributes={"ApiId": "{id}", "ApiEndpoint": "https://{id}.execute-api.{region}.amazonaws.com",
                    "ExecuteApiArn": "arn:{partition}:execute-api:{region}:{account}:{id}"},
        update_call="update_api", update_with={"ApiId": "{id}"},
        delete_call="delete_api", delete_with={"ApiId": "{id}"},
    ),
    # These three are replaced by a change, so that nothing of the old one stays: moto's updates only add.
    "AWS::ApiGatewayV2::Integration": _v2(
        "create_integration", "@IntegrationId", prepare=_integration, attributes={"IntegrationId": "{id}"},
        delete_call="delete_integration", delete_with=_of_api("IntegrationId"),
    ),
    "AWS::ApiGatewayV2::Authorizer": _v2(
        "create_authorizer", "@AuthorizerId", prepare=_authorizer, attributes={"AuthorizerId": "{id}"},
        delete_call="delete_authorizer", delete_with=_of_api("AuthorizerId"),
    ),
    "AWS::ApiGatewayV2::Route": _v2(
        "create_route", "@RouteId", attributes={"RouteId": "{id}"},
        delete_call="delete_route", delete_with=_of_api("RouteId"),
    ),
    "AWS::ApiGatewayV2::Stage": _v2(
        "create_stage", "{StageName}", update_call="update_stage",
        delete_call="delete_stage", delete_with=_of_api("StageName"),
    ),
    "AWS::ApiGatewayV2::Deployment": _v2(
        "create_deployment", "@DeploymentId", attributes={"DeploymentId": "{id}"},
        delete_call="delete_deployment", delete_with=_of_api("DeploymentId"),
    ),
}  # fmt: skip
