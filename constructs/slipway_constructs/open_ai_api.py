"""A REST API with the paths of the OpenAI API, guarded by a bearer key.

Creates: the API, its stage `live`, an authorizer, an access log.   Grants: API Gateway may invoke the functions.
Units: throttle in requests a second and requests at once, for the whole API.
Source: OpenAI API reference, "Chat completions", "Models"; API Gateway developer guide, "Lambda authorizers",
"Gateway responses". Error bodies follow OpenAI's schema, so that clients show them.
"""

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.api_routes import CHAT, ROUTES
from slipway_constructs.gateway_errors import ERRORS

STAGE = "live"
LOG_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
COGNITO_REASON = (
    "Callers are services with the openai client, which sends a bearer key: a Lambda authorizer checks it on every "
    "method. People do not sign in here."
)
EXECUTION_LOG_REASON = (
    "Access logs record each request with status, latency and error. Execution logs would go to a log group that API "
    "Gateway makes, unencrypted and kept for ever, and may hold parts of questions and documents."
)
NO_FIREWALL_REASON = (
    "The settings of this environment say waf: false. The stage is throttled, and every method needs a key."
)
LOG_ROLE_REASON = (
    "API Gateway writes logs by one role for the account, and checks that it has exactly the permissions of this "
    "managed policy, which AWS made for it. Only API Gateway can assume the role."
)
AUTHORIZED = cdk.Duration.seconds(60)  # how long a key that was right once is not checked again
# Fields of $context, without addresses or keys: the log says what happened, not who asked what.
LOG_FIELDS = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "tenant": "$context.authorizer.tenant",
    "method": "$context.httpMethod",
    "resource": "$context.resourcePath",
    "status": "$context.status",
    "latencyMilliseconds": "$context.responseLatency",
    "integrationMilliseconds": "$context.integrationLatency",
    "responseBytes": "$context.responseLength",
    "error": "$context.error.responseType",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class ApiFunctions:
    """The functions behind the API: `chat` streams, embeds and lists models; `authorize` turns a key into a tenant.

    `others`: those of `api_routes.ROUTES` that there are, by name.
    """

    chat: lambda_.IFunction
    authorize: lambda_.IFunction
    others: Mapping[str, lambda_.IFunction]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ApiLimits:
    """Throttle of the stage, access log retention, whether a firewall guards it and the account has a log role.

    `patience`: how long what streams may take; API Gateway allows 15 minutes.   `vpc_endpoints`: ids of those
    through which alone the API is reached; none: it is reached from everywhere.
    """

    rate_per_second: float
    burst: int
    log_retention: logs.RetentionDays
    removal: cdk.RemovalPolicy
    firewall: bool
    create_log_role: bool
    patience: cdk.Duration
    key: kms.IKey | None = None
    vpc_endpoints: Sequence[str] = ()


class OpenAiApi(Construct):
    """The API as `api`; the URL for clients, ending in /v1, as `url`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, api_name: str, functions: ApiFunctions, limits: ApiLimits
    ) -> None:
        super().__init__(scope, construct_id)
        self.api = self._api(api_name, limits)
        self.url = f"{self.api.url_for_path('/')}v1"
        self._validator = self.api.add_request_validator(
            "Validator", validate_request_body=True, validate_request_parameters=True
        )
        self._authorizer = apigateway.TokenAuthorizer(
            self,
            "Authorizer",
            handler=functions.authorize,
            results_cache_ttl=AUTHORIZED,
            validation_regex=r"^[Bb][Ee][Aa][Rr][Ee][Rr] [!-~]{16,4096}$",
        )
        self._routes(functions, limits.patience)
        self._error_bodies()
        self._acknowledge(limits)

    def _api(self, api_name: str, limits: ApiLimits) -> apigateway.RestApi:
        access_log = logs.LogGroup(
            self, "AccessLog", retention=limits.log_retention, removal_policy=limits.removal, encryption_key=limits.key
        )
        return apigateway.RestApi(
            self,
            "Api",
            rest_api_name=api_name,
            description="Slipway: OpenAI-compatible answers from your documents",
            endpoint_configuration=self._reached_by(limits.vpc_endpoints),
            policy=_only_through(limits.vpc_endpoints) if limits.vpc_endpoints else None,
            cloud_watch_role=limits.create_log_role,
            cloud_watch_role_removal_policy=cdk.RemovalPolicy.RETAIN if limits.create_log_role else None,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(LOG_FIELDS)),
                throttling_rate_limit=limits.rate_per_second,
                throttling_burst_limit=limits.burst,
                metrics_enabled=True,
            ),
        )

    def _reached_by(self, vpc_endpoints: Sequence[str]) -> apigateway.EndpointConfiguration:
        if not vpc_endpoints:
            return apigateway.EndpointConfiguration(types=[apigateway.EndpointType.REGIONAL])
        known = [
            ec2.InterfaceVpcEndpoint.from_interface_vpc_endpoint_attributes(
                self, f"Through{number}", port=443, vpc_endpoint_id=each
            )
            for number, each in enumerate(vpc_endpoints, 1)
        ]
        return apigateway.EndpointConfiguration(types=[apigateway.EndpointType.PRIVATE], vpc_endpoints=known)

    def _routes(self, functions: ApiFunctions, patience: cdk.Duration) -> None:
        root = self.api.root.add_resource("v1")
        body = self.api.add_model(
            "JsonObject",
            content_type="application/json",
            schema=apigateway.JsonSchema(type=apigateway.JsonSchemaType.OBJECT),
        )
        chat = self._streaming(functions.chat, patience)
        integrations = {name: self._integration(function) for name, function in functions.others.items()}
        routes = [(route, chat) for route in CHAT]
        routes += [(route, made) for name, made in integrations.items() for route in ROUTES[name]]
        for route, integration in routes:
            resource = functools.reduce(_below, route.path.split("/"), root)
            self._method(
                resource,
                route.verb,
                integration,
                request_models={"application/json": body} if route.body else None,
                request_parameters={f"method.request.querystring.{name}": False for name in route.query} or None,
            )

    def _integration(self, function: lambda_.IFunction) -> apigateway.LambdaIntegration:
        return apigateway.LambdaIntegration(function, proxy=True, scope_permission_to_method=False)

    def _streaming(self, function: lambda_.IFunction, patience: cdk.Duration) -> apigateway.LambdaIntegration:
        """Return an integration whose responses pass through as they come; beyond 29 s it is asked for by itself.

        Source: API Gateway developer guide, "Stream the integration response for your proxy integrations".
        """
        return apigateway.LambdaIntegration(
            function,
            proxy=True,
            scope_permission_to_method=False,
            response_transfer_mode=apigateway.ResponseTransferMode.STREAM,
            timeout=patience,
        )

    def _method(
        self,
        resource: apigateway.IResource,
        verb: str,
        integration: apigateway.LambdaIntegration,
        *,
        request_models: dict[str, apigateway.IModel] | None = None,
        request_parameters: dict[str, bool] | None = None,
    ) -> None:
        resource.add_method(
            verb,
            integration,
            authorizer=self._authorizer,
            authorization_type=apigateway.AuthorizationType.CUSTOM,
            request_validator=self._validator,
            request_models=request_models,
            request_parameters=request_parameters,
        )

    def _error_bodies(self) -> None:
        for name, error in ERRORS.items():
            body = {"message": "MESSAGE", "type": error.type, "param": None, "code": error.code}
            message = json.dumps(error.message) if error.message else "$context.error.messageString"
            template = json.dumps({"error": body}).replace('"MESSAGE"', message)
            after = error.retry_after_seconds
            self.api.add_gateway_response(
                name,
                type=error.kind,
                status_code=error.status,
                templates={"application/json": template},
                response_headers={"retry-after": f"'{after}'"} if after else None,
            )

    def _acknowledge(self, limits: ApiLimits) -> None:
        stage = self.api.deployment_stage
        acknowledge(self.api, "AwsSolutions-COG4", COGNITO_REASON)
        acknowledge(stage, "AwsSolutions-APIG6", EXECUTION_LOG_REASON)
        if not limits.firewall:
            acknowledge(stage, "AwsSolutions-APIG3", NO_FIREWALL_REASON)
        if limits.create_log_role:
            acknowledge(
                self.api,
                f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{LOG_POLICY}]",
                LOG_ROLE_REASON,
            )


def _only_through(vpc_endpoints: Sequence[str]) -> iam.PolicyDocument:
    """Source: API Gateway developer guide, "API Gateway resource policy examples": allow traffic of VPC endpoints."""
    others = {"StringNotEquals": {"aws:SourceVpce": list(vpc_endpoints)}}
    return iam.PolicyDocument(statements=[_invoking(iam.Effect.ALLOW), _invoking(iam.Effect.DENY, others)])


def _invoking(effect: iam.Effect, conditions: Mapping[str, object] | None = None) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        effect=effect,
        principals=[iam.AnyPrincipal()],
        actions=["execute-api:Invoke"],
        resources=["execute-api:/*"],
        conditions=conditions,
    )


def _below(resource: apigateway.Resource, part: str) -> apigateway.Resource:
    found = resource.get_resource(part)
    return cast("apigateway.Resource", found) if found else resource.add_resource(part)
