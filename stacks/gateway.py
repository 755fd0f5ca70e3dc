"""Gateway: the OpenAI-compatible API over the documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.open_ai_api import STAGE, ApiFunctions, ApiLimits, OpenAiApi
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import FunctionDefaults, PythonFunction
from slipway_constructs.saved_queries import SavedQueries
from slipway_constructs.web_firewall import WebFirewall
from stacks import meters_access
from stacks.answering import allow_answers, answer_variables
from stacks.gateway_monitors import API_TIMEOUT, api_name, monitors
from stacks.gateway_parts import ApiPart, parts
from stacks.guardrails import allow_guard, guard_names, guard_variables, guardrail
from stacks.memory_access import allow_memory, memory_variables
from stacks.prompts_access import prompt_variables
from stacks.routing import ROUTES
from stacks.settings import Settings
from stacks.settings_models import routes_document
from stacks.slipway_stack import SlipwayStack

if TYPE_CHECKING:
    from stacks.gateway_users import GatewayUsers

# Starts our own client of the Runtime API in place of the managed runtime's, which cannot stream.
__all__ = ["GatewayStack", "monitors"]
STREAMING = "/var/task/slipway_runtime/streaming/start"
KEY_LENGTH = 48
# Two minutes: the authorizer keeps the secret for one, and API Gateway keeps what the authorizer said for another.
KEY_ROTATION_REASON = (
    "Callers hold this key, so replacing it is agreed with them: `aws secretsmanager put-secret-value` changes it, and "
    "within 2 minutes the old one is refused. A scheduled rotation would cut them off."
)


class GatewayStack(SlipwayStack):
    """API, key, and the functions behind: chat, search, documents, authorize, and labelling where it is on."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "gateway", name=name, settings=settings)
        key_secret = self._api_key()
        defaults = self.function_defaults("api")
        chat = self._chat(defaults)
        users = self._users() if settings.gateway.access.cognito.enabled else None
        authorize = self._authorize(defaults, key_secret, users)
        others = {part.name: self._part(part, defaults) for part in parts(settings)}
        api = OpenAiApi(
            self,
            "OpenAi",
            api_name=api_name(name),
            functions=ApiFunctions(
                chat=chat.function,
                authorize=authorize.function,
                others={name: made.function for name, made in others.items()},
            ),
            limits=self._limits(),
        )
        if settings.gateway.waf:
            self._guard(api)
        logged = [chat, authorize, *others.values()]
        groups = [each.log_group.log_group_name for each in logged]
        SavedQueries(self, "Queries", folder=f"slipway/{name}/gateway", log_groups=groups)
        self.publish(
            {
                "url": api.url,
                "rest-api-id": api.api.rest_api_id,
                "stage": STAGE,
                "api-key-secret-arn": key_secret.secret_arn,
                ROUTES: routes_document(settings.models),
                **{
                    f"{name}-function-name": made.function.function_name
                    for name, made in {"chat": chat, "authorize": authorize, **others}.items()
                },
                **(users.names if users else {}),
                **guard_names(self),
            }
        )

    @property
    def _patience(self) -> cdk.Duration:
        """Return how long a chat completion may take."""
        return cdk.Duration.seconds(self.settings.gateway.timeout_seconds)

    def _api_key(self) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            "ApiKey",
            description="Key of the tenant default for the OpenAI-compatible API",
            encryption_key=self.key(),
            removal_policy=self.removal,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"tenant": "default"}),
                generate_string_key="key",
                password_length=KEY_LENGTH,
                exclude_punctuation=True,
            ),
        )
        acknowledge(secret, "AwsSolutions-SMG4", KEY_ROTATION_REASON)
        return secret

    def _limits(self) -> ApiLimits:
        gateway = self.settings.gateway
        return ApiLimits(
            rate_per_second=gateway.throttle.rate_per_second,
            burst=gateway.throttle.burst,
            log_retention=self.log_retention,
            removal=self.removal,
            firewall=gateway.waf,
            create_log_role=gateway.log_role == "create",
            patience=self._patience,
            key=self.key(),
            vpc_endpoints=self._vpc_endpoints(),
        )

    def _vpc_endpoints(self) -> list[str]:
        """Return the endpoints through which alone the API is reached; none where it is not private."""
        private = self.settings.gateway.access.private
        made = private.enabled and self.settings.network.mode == "create"
        return [*([self.look_up("network", "api-endpoint-id")] if made else []), *private.endpoint_ids]

    def _guard(self, api: OpenAiApi) -> None:
        # One address may use the whole sustained rate, not more; WAF counts over five minutes, 10 requests at least.
        limit = max(10, int(self.settings.gateway.throttle.rate_per_second * 300))
        WebFirewall(
            self,
            "Firewall",
            stage_arn=self.format_arn(
                service="apigateway",
                account="",
                resource="/restapis",
                resource_name=f"{api.api.rest_api_id}/stages/{api.api.deployment_stage.stage_name}",
            ),
            requests_per_five_minutes=limit,
        )

    def _chat(self, defaults: FunctionDefaults) -> PythonFunction:
        chat = PythonFunction(
            self,
            "Chat",
            module="chat",
            description="Chat completions, embeddings and models; streams",
            defaults=defaults,
            timeout=self._patience,
            memory=cdk.Size.mebibytes(1024),
            variables={
                **answer_variables(self),
                **meters_access.meter_variables(self),
                **prompt_variables(self),
                **memory_variables(self),
                **guard_variables(self),
                "AWS_LAMBDA_EXEC_WRAPPER": STREAMING,
            },
        )
        allow_answers(self, chat.role, streamed=True)
        meters_access.allow_meters(self, chat.role)
        meters_access.allow_named_prompts(self, chat.role)
        allow_memory(self, chat.role)
        allow_guard(self, chat.role)
        for name, value in guardrail(self, chat.role).items():
            chat.function.add_environment(name, value)
        return chat

    def _part(self, part: ApiPart, defaults: FunctionDefaults) -> PythonFunction:
        made = self._function(part.name.capitalize(), part.name, part.does, defaults, part.variables(self))
        part.allow(self, made.role)
        return made

    def _users(self) -> GatewayUsers:
        from stacks.gateway_users import users  # noqa: PLC0415 - nothing of it is read where it is off

        return users(self)

    def _authorize(
        self, defaults: FunctionDefaults, key_secret: secretsmanager.Secret, users: GatewayUsers | None
    ) -> PythonFunction:
        variables = {"API_KEY_SECRET_ARN": key_secret.secret_arn, **meters_access.key_variables(self)}
        if users:
            variables |= {"USER_POOL_ID": users.pool.user_pool_id, "URL_SUFFIX": self.url_suffix}
            # The pool's keys are read from its public address, which a VPC without internet does not reach.
            defaults = self.function_defaults("api", in_network=False)
        authorize = self._function("Authorize", "authorize", "Turns an API key into a tenant", defaults, variables)
        allow(authorize.role, ["secretsmanager:GetSecretValue"], [key_secret.secret_arn])
        allow_key(authorize.role, defaults.key.key_arn if defaults.key else None)
        meters_access.allow_keys(self, authorize.role)
        return authorize

    def _function(
        self, construct_id: str, module: str, description: str, defaults: FunctionDefaults, variables: dict[str, str]
    ) -> PythonFunction:
        return PythonFunction(
            self,
            construct_id,
            module=module,
            description=description,
            defaults=defaults,
            timeout=API_TIMEOUT,
            memory=cdk.Size.mebibytes(512),
            variables=variables,
        )
