"""API Gateway REST APIs. The data plane reads moto's records, so what is created here is served at once."""

from typing import Any

from botocore.exceptions import ClientError

from slipway_local.deploy.providers.api import Lookup, Setting, api, tags
from slipway_local.deploy.providers.api_gateway_stages import plan_settings, stage, stage_settings
from slipway_local.deploy.providers.base import Context, Created, Everything, Properties, Provider, changed
from slipway_local.deploy.providers.calls import call, found, text
from slipway_local.rest_api.mock import check_templates


def _api(context: Context, properties: Properties) -> Properties:
    if "Body" in properties or "BodyS3Location" in properties:
        raise ValueError("REST APIs from an OpenAPI document are not emulated; define resources and methods")
    policy = {"Policy": text(properties["Policy"])} if "Policy" in properties else {}
    return {**properties, **policy}


_API_SETTINGS = {"Name": "name", "Description": "description", "ApiKeySourceType": "apiKeySource", "Policy": "policy"}


def _api_settings(context: Context, rest_api: str, new: Properties, old: Properties) -> None:
    """Patch what changed, and the binary media types, which moto's CreateRestApi loses."""
    values = {"ApiKeySourceType": "HEADER", **new}
    paths = {path: values.get(name, "") for name, path in _API_SETTINGS.items() if old and name in changed(old, new)}
    operations = [{"op": "replace", "path": f"/{path}", "value": text(value)} for path, value in paths.items()]
    before, after = (set(properties.get("BinaryMediaTypes", [])) for properties in (old, new))
    for verb, types in (("add", after - before), ("remove", before - after)):
        for kind in sorted(types):
            path = f"/binaryMediaTypes/{kind.replace('/', '~1')}"
            operations.append({"op": verb, "path": path, "value": kind})
    if operations:
        call(context.place, "apigateway", "update_rest_api", {"restApiId": rest_api, "patchOperations": operations})


def _authorizer(context: Context, properties: Properties) -> Properties:
    if properties["Type"] != "COGNITO_USER_POOLS" and "AuthorizerUri" not in properties:
        raise ValueError(f"an authorizer of type {properties['Type']} needs an AuthorizerUri")
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


def _refuse_integration(integration: Properties) -> None:
    kind = integration["Type"]
    if kind not in ("AWS_PROXY", "MOCK"):
        raise ValueError(f"integrations of type {kind} are not emulated; AWS_PROXY (Lambda) and MOCK are")
    if kind == "AWS_PROXY" and "/functions/" not in str(integration.get("Uri")):
        raise ValueError(
            f"{integration.get('Uri')} is no Lambda function; proxy integrations of others are not emulated"
        )
    check_templates(integration)


class Method(Everything):
    """AWS::ApiGateway::Method: a method, its integration, and the responses of both."""

    def create(self, context: Context, properties: Properties) -> Created:
        """Put the method and all that belongs to it."""
        place = context.place
        where = {key: properties[key] for key in ("RestApiId", "ResourceId", "HttpMethod")}
        if "Integration" in properties:
            _refuse_integration(properties["Integration"])
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

    def taken(self, context: Context, properties: Properties) -> str:
        """Return the method that is there."""
        where = {key: properties[key] for key in ("RestApiId", "ResourceId", "HttpMethod")}
        return "|".join(where.values()) if found(context.place, "apigateway", "get_method", where) else ""

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


def _stage_tags(context: Context, name: str, new: Properties, old: Properties) -> None:
    _tags(f"restapis/{new['RestApiId']}/stages/{name}").apply(context, name, new, old)


def _deployment(context: Context, properties: Properties) -> Properties:
    for name in ("StageDescription", "DeploymentCanarySettings"):
        if name in properties:
            raise ValueError(f"{name} of a deployment is not emulated; give the settings to an AWS::ApiGateway::Stage")
    return properties


def _key_settings(context: Context, key: str, new: Properties, old: Properties) -> None:
    """Set what may change while the key keeps its value."""
    enabled = str(new.get("Enabled", False)).lower()
    changes = {"/enabled": enabled, "/description": new.get("Description", "")}
    operations = [{"op": "replace", "path": path, "value": value} for path, value in changes.items()]
    call(context.place, "apigateway", "update_api_key", {"apiKey": key, "patchOperations": operations})


def _model(context: Context, properties: Properties) -> Properties:
    schema = {"Schema": text(properties["Schema"])} if "Schema" in properties else {}
    return {"ContentType": "application/json", **properties, **schema}


def _rest(operation: str, ref: str, **rest: Any) -> Provider:
    return api("apigateway", operation, ref, **rest)


def _tags(path: str) -> Setting:
    return tags("apigateway", "tag_resource", "untag_resource", by=f"arn:{{partition}}:apigateway:{{region}}::/{path}")


def _of_api(parameter: str) -> dict[str, str]:
    return {"restApiId": "{RestApiId}", parameter: "{id}"}


_RESPONSE = {"restApiId": "{RestApiId}", "responseType": "{ResponseType}"}
_PLAN_KEY = {"usagePlanId": "{UsagePlanId}", "keyId": "{KeyId}"}
PROVIDERS: dict[str, Provider] = {
    "AWS::ApiGateway::RestApi": _rest(
        "create_rest_api", "@id", name="Name", prepare=_api,
        settings=(Setting(_api_settings, "BinaryMediaTypes", *_API_SETTINGS), _tags("restapis/{id}")),
        rename={"ApiKeySourceType": "apiKeySource"},
        attributes={"RootResourceId": "@rootResourceId", "RestApiId": "{id}"},
        delete_call="delete_rest_api", delete_with={"restApiId": "{id}"},
    ),
    "AWS::ApiGateway::Resource": _rest(
        "create_resource", "@id", attributes={"ResourceId": "{id}"},
        delete_call="delete_resource", delete_with=_of_api("resourceId"),
    ),
    "AWS::ApiGateway::Method": Method(),
    "AWS::ApiGateway::Authorizer": _rest(
        "create_authorizer", "@id", prepare=_authorizer,
        settings=(Setting(_authorizer_settings, *_AUTHORIZER_SETTINGS),),
        attributes={"AuthorizerId": "{id}"},
        delete_call="delete_authorizer", delete_with=_of_api("authorizerId"),
    ),
    "AWS::ApiGateway::RequestValidator": _rest(
        "create_request_validator", "@id", attributes={"RequestValidatorId": "{id}"},
        delete_call="delete_request_validator", delete_with=_of_api("requestValidatorId"),
    ),
    "AWS::ApiGateway::Model": _rest(
        "create_model", "{Name}", name="Name", prepare=_model,
        delete_call="delete_model", delete_with=_of_api("modelName"),
    ),
    "AWS::ApiGateway::GatewayResponse": _rest(
        "put_gateway_response", "{RestApiId}|{ResponseType}", update_call="put_gateway_response", update_replaces=True,
        lookup=Lookup("get_gateway_response", _RESPONSE, "responseType"),
        delete_call="delete_gateway_response", delete_with=_RESPONSE,
    ),
    "AWS::ApiGateway::Deployment": _rest(
        "create_deployment", "@id", prepare=_deployment, attributes={"DeploymentId": "{id}"},
        delete_call="delete_deployment", delete_with=_of_api("deploymentId"),
    ),
    "AWS::ApiGateway::Stage": _rest(
        "create_stage", "{StageName}", prepare=stage,
        settings=(Setting(stage_settings, "DeploymentId", "Description", "MethodSettings", "TracingEnabled",
                          "Variables"), Setting(_stage_tags, "Tags", created=False)),
        delete_call="delete_stage", delete_with=_of_api("stageName"),
    ),
    "AWS::ApiGateway::ApiKey": _rest(
        "create_api_key", "@id", name="Name", prepare=lambda context, properties: {"Enabled": False, **properties},
        settings=(Setting(_key_settings, "Enabled", "Description"), _tags("apikeys/{id}")),
        attributes={"APIKeyId": "{id}"},
        delete_call="delete_api_key", delete_with={"apiKey": "{id}"},
    ),
    "AWS::ApiGateway::UsagePlan": _rest(
        "create_usage_plan", "@id", name="UsagePlanName", rename={"UsagePlanName": "name"},
        settings=(Setting(plan_settings, "ApiStages", "Description", "Quota", "Throttle", "UsagePlanName",
                          created=False), _tags("usageplans/{id}")),
        attributes={"Id": "{id}"}, delete_call="delete_usage_plan", delete_with={"usagePlanId": "{id}"},
    ),
    "AWS::ApiGateway::UsagePlanKey": _rest(
        "create_usage_plan_key", "{KeyId}:{UsagePlanId}", attributes={"Id": "{id}"},
        lookup=Lookup("get_usage_plan_key", _PLAN_KEY, "id"),
        delete_call="delete_usage_plan_key", delete_with=_PLAN_KEY,
    ),
}  # fmt: skip
