"""API Gateway REST APIs. The data plane reads moto's records, so what is created here is served at once."""

from typing import Any

from botocore.exceptions import ClientError

from slipway_local.deploy.providers.base import Context, Created, Properties, Provider, api, call, text


def _api(context: Context, properties: Properties) -> Properties:
    if "Body" in properties or "BodyS3Location" in properties:
        raise ValueError("REST APIs from an OpenAPI document are not emulated; define resources and methods")
    policy = {"Policy": text(properties["Policy"])} if "Policy" in properties else {}
    return {**properties, **policy}


def _authorizer(context: Context, properties: Properties) -> Properties:
    if properties["Type"] != "TOKEN":
        raise ValueError(f"authorizers of type {properties['Type']} are not emulated; TOKEN is")
    return properties


_AUTHORIZER_SETTINGS = (
    "AuthorizerUri",
    "AuthorizerResultTtlInSeconds",
    "IdentitySource",
    "IdentityValidationExpression",
)


def _authorizer_settings(context: Context, authorizer: str, new: Properties, old: Properties) -> None:
    """Patch the settings: moto's CreateAuthorizer loses the validation expression."""
    patches = [
        {"op": "replace", "path": f"/{name[0].lower()}{name[1:]}", "value": str(new[name])}
        for name in _AUTHORIZER_SETTINGS
        if name in new
    ]
    where = {"restApiId": new["RestApiId"], "authorizerId": authorizer}
    call(context.place, "apigateway", "update_authorizer", {**where, "patchOperations": patches})


class Method:
    """AWS::ApiGateway::Method: a method, its integration, and the responses of both."""

    mode = "live"
    updatable = True

    def create(self, context: Context, properties: Properties) -> Created:
        """Put the method and all that belongs to it."""
        place = context.place
        where = {key: properties[key] for key in ("RestApiId", "ResourceId", "HttpMethod")}
        call(place, "apigateway", "put_method", {"AuthorizationType": "NONE", **properties})
        for response in properties.get("MethodResponses", []):
            call(place, "apigateway", "put_method_response", {**where, **response})
        integration = properties.get("Integration")
        if integration:
            verb = integration.get("IntegrationHttpMethod")
            arguments = {**integration, **where, "IntegrationHttpMethod": verb}
            call(place, "apigateway", "put_integration", arguments)
            for response in integration.get("IntegrationResponses", []):
                call(place, "apigateway", "put_integration_response", {**where, **response})
        return Created(physical_id="|".join(where.values()))

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Put everything anew: Put replaces."""
        return self.create(context, new)

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete the method; a resource that is gone took it along."""
        where = {key: properties[key] for key in ("RestApiId", "ResourceId", "HttpMethod")}
        try:
            call(context.place, "apigateway", "delete_method", where)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NotFoundException":
                raise


def _stage_settings(context: Context, name: str, new: Properties, old: Properties) -> None:
    """Set what CreateStage does not take; the rest of a stage is inert here."""
    changes = [("/deploymentId", new.get("DeploymentId"))] if old else []
    changes += [(f"/variables/{key}", value) for key, value in new.get("Variables", {}).items() if old]
    operations = [{"op": "replace", "path": path, "value": str(value)} for path, value in changes if value]
    if operations:
        arguments = {"restApiId": new["RestApiId"], "stageName": name, "patchOperations": operations}
        call(context.place, "apigateway", "update_stage", arguments)


def _model(context: Context, properties: Properties) -> Properties:
    schema = {"Schema": text(properties["Schema"])} if "Schema" in properties else {}
    return {"ContentType": "application/json", **properties, **schema}


def _rest(operation: str, ref: str, **rest: Any) -> Provider:
    return api("apigateway", operation, ref, **rest)


def _of_api(parameter: str) -> dict[str, str]:
    return {"restApiId": "{RestApiId}", parameter: "{id}"}


PROVIDERS: dict[str, Provider] = {
    "AWS::ApiGateway::RestApi": _rest(
        "create_rest_api", "@id", name="Name", prepare=_api,
        attributes={"RootResourceId": "@rootResourceId", "RestApiId": "{id}"},
        delete_call="delete_rest_api", delete_with={"restApiId": "{id}"},
    ),
    "AWS::ApiGateway::Resource": _rest(
        "create_resource", "@id", attributes={"ResourceId": "{id}"},
        delete_call="delete_resource", delete_with=_of_api("resourceId"),
    ),
    "AWS::ApiGateway::Method": Method(),
    "AWS::ApiGateway::Authorizer": _rest(
        "create_authorizer", "@id", prepare=_authorizer, after=_authorizer_settings,
        attributes={"AuthorizerId": "{id}"},
        delete_call="delete_authorizer", delete_with=_of_api("authorizerId"),
    ),
    "AWS::ApiGateway::RequestValidator": _rest(
        "create_request_validator", "@id", attributes={"RequestValidatorId": "{id}"},
        delete_call="delete_request_validator", delete_with=_of_api("requestValidatorId"),
    ),
    "AWS::ApiGateway::Model": _rest("create_model", "{Name}", name="Name", prepare=_model),
    "AWS::ApiGateway::GatewayResponse": _rest(
        "put_gateway_response", "{RestApiId}|{ResponseType}", update_call="put_gateway_response",
        delete_call="delete_gateway_response",
        delete_with={"restApiId": "{RestApiId}", "responseType": "{ResponseType}"},
    ),
    "AWS::ApiGateway::Deployment": _rest(
        "create_deployment", "@id", attributes={"DeploymentId": "{id}"},
        delete_call="delete_deployment", delete_with=_of_api("deploymentId"),
    ),
    "AWS::ApiGateway::Stage": _rest(
        "create_stage", "{StageName}", after=_stage_settings,
        delete_call="delete_stage", delete_with=_of_api("stageName"),
    ),
    "AWS::ApiGateway::ApiKey": _rest(
        "create_api_key", "@id", name="Name", attributes={"APIKeyId": "{id}"},
        delete_call="delete_api_key", delete_with={"apiKey": "{id}"},
    ),
    "AWS::ApiGateway::UsagePlan": _rest(
        "create_usage_plan", "@id", name="UsagePlanName", rename={"UsagePlanName": "name"},
        attributes={"Id": "{id}"}, delete_call="delete_usage_plan", delete_with={"usagePlanId": "{id}"},
    ),
}  # fmt: skip
