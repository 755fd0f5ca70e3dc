"""Gateway: the OpenAI-compatible API over the documents."""

import json

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.api_monitor import ApiMonitor
from slipway_constructs.function_monitor import FunctionMonitor
from slipway_constructs.monitoring import Metric, Monitor
from slipway_constructs.open_ai_api import STAGE, ApiFunctions, ApiLimits, OpenAiApi
from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import FunctionDefaults, PythonFunction
from slipway_constructs.web_firewall import WebFirewall
from stacks.answering import KNOWLEDGE_ACTIONS, allow_answers, allow_search, answer_variables, search_variables
from stacks.guardrails import allow_guard, guard_names, guard_variables, guardrail
from stacks.routing import ROUTES
from stacks.settings import Settings
from stacks.settings_models import routes_document
from stacks.slipway_stack import SlipwayStack

SLOW = cdk.Duration.seconds(20)
API_TIMEOUT = cdk.Duration.seconds(29)  # API Gateway waits no longer by default
# Starts our own client of the Runtime API in place of the managed runtime's, which cannot stream.
STREAMING = "/var/task/slipway_runtime/streaming/start"
KEY_LENGTH = 48
# Two minutes: the authorizer keeps the secret for one, and API Gateway keeps what the authorizer said for another.
KEY_ROTATION_REASON = (
    "Callers hold this key, so replacing it is agreed with them: `aws secretsmanager put-secret-value` changes it, and "
    "within 2 minutes the old one is refused. A scheduled rotation would cut them off."
)
OBJECTS_REASON = (
    "DELETE /v1/documents/{id} removes every version of a document, whose key the tenant chose; the function deletes "
    "in this one bucket, below the caller's tenant."
)


def api_name(environment: str) -> str:
    """Return the API's name, by which CloudWatch knows its metrics."""
    return f"slipway-{environment}"


class GatewayStack(SlipwayStack):
    """API, key, and the functions behind: chat, search, documents, authorize, and labelling where it is on."""

    def __init__(self, scope: Construct, *, name: str, settings: Settings) -> None:
        super().__init__(scope, "gateway", name=name, settings=settings)
        key_secret = self._api_key()
        defaults = self.function_defaults("api")
        chat, search, documents = self._chat(defaults), self._search(defaults), self._documents(defaults)
        authorize = self._authorize(defaults, key_secret)
        labelling = self._labelling(defaults) if settings.labelling.enabled else None
        prompts = self._prompts(defaults) if settings.prompts.enabled else None
        api = OpenAiApi(
            self,
            "OpenAi",
            api_name=api_name(name),
            functions=ApiFunctions(
                chat=chat.function,
                search=search.function,
                documents=documents.function,
                authorize=authorize.function,
                labelling=labelling.function if labelling else None,
                prompts=prompts.function if prompts else None,
            ),
            limits=self._limits(),
        )
        if settings.gateway.waf:
            self._guard(api)
        self.publish(
            {
                "url": api.url,
                "rest-api-id": api.api.rest_api_id,
                "stage": STAGE,
                "api-key-secret-arn": key_secret.secret_arn,
                "chat-function-name": chat.function.function_name,
                "search-function-name": search.function.function_name,
                "documents-function-name": documents.function.function_name,
                "authorize-function-name": authorize.function.function_name,
                ROUTES: routes_document(settings.models),
                **guard_names(self),
                **({"labelling-function-name": labelling.function.function_name} if labelling else {}),
                **({"prompts-function-name": prompts.function.function_name} if prompts else {}),
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
        )

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
            variables={**answer_variables(self), **guard_variables(self), "AWS_LAMBDA_EXEC_WRAPPER": STREAMING},
        )
        allow_answers(self, chat.role, streamed=True)
        allow_guard(self, chat.role)
        for name, value in guardrail(self, chat.role).items():
            chat.function.add_environment(name, value)
        return chat

    def _search(self, defaults: FunctionDefaults) -> PythonFunction:
        variables = search_variables(self)
        if self.settings.retrieval.knowledge_base.enabled:
            variables["KNOWLEDGE_BASE_ID"] = self.look_up("knowledge", "knowledge-base-id")
        search = self._function("Search", "search", "Finds chunks of documents", defaults, variables)
        allow_search(self, search.role)
        if self.settings.retrieval.knowledge_base.enabled:
            allow(search.role, KNOWLEDGE_ACTIONS, [self.look_up("knowledge", "knowledge-base-arn")])
        return search

    def _documents(self, defaults: FunctionDefaults) -> PythonFunction:
        documents = self._function(
            "Documents",
            "documents",
            "Lists, shows and deletes documents",
            defaults,
            {
                **self.store_variables(),
                **self.hold_variables(),
                "CURATED_BUCKET": self.look_up("foundation", "curated-bucket-name"),
                "DOCUMENTS_TABLE": self.look_up("foundation", "documents-table-name"),
                # Only named: the runtime takes both tables for one lineage, and touches no rejects here.
                "REJECTS_TABLE": self.look_up("foundation", "rejects-table-name"),
            },
        )
        self.allow_store(documents.role, "write")
        self.allow_documents(documents.role, listing=True)
        self.allow_holds(documents.role)
        bucket = self.bucket_arn("raw")
        self.allow_curated_removal(documents.role)
        # Without it S3 answers 403 rather than 404 for a version that the object's own event has removed meanwhile.
        allow(documents.role, ["s3:ListBucket"], [self.bucket_arn("curated")])
        allow(documents.role, ["s3:ListBucketVersions"], [bucket])
        allow(documents.role, ["s3:DeleteObjectVersion"], [f"{bucket}/*"], wildcard_reason=OBJECTS_REASON)
        return documents

    def _labelling(self, defaults: FunctionDefaults) -> PythonFunction:
        from stacks import labelling_api  # noqa: PLC0415 - nothing of it is read where it is off

        does, variables = "Hands out items of labelling jobs and takes labels", labelling_api.variables(self)
        labelling = self._function("Labelling", "labelling", does, defaults, variables)
        labelling_api.permit(self, labelling.role)
        return labelling

    def _prompts(self, defaults: FunctionDefaults) -> PythonFunction:
        from stacks import prompts_access  # noqa: PLC0415 - nothing of it is read where it is off

        variables = {**prompts_access.prompt_variables(self), **self.embedding_variables()}
        does = "Keeps prompts, their labels, example sets and experiments"
        prompts = self._function("Prompts", "prompts", does, defaults, variables)
        prompts_access.allow_prompts(self, prompts.role)
        return prompts

    def _authorize(self, defaults: FunctionDefaults, key_secret: secretsmanager.Secret) -> PythonFunction:
        variables = {"API_KEY_SECRET_ARN": key_secret.secret_arn}
        authorize = self._function("Authorize", "authorize", "Turns an API key into a tenant", defaults, variables)
        allow(authorize.role, ["secretsmanager:GetSecretValue"], [key_secret.secret_arn])
        allow_key(authorize.role, defaults.key.key_arn if defaults.key else None)
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


def monitors(stack: SlipwayStack, topic_arn: str) -> list[Monitor]:
    """Watch the API and the functions behind it."""
    environment = stack.environment_name
    # API Gateway answers 401 only to an exception, so Lambda counts every wrong key as an error. The runtime counts
    # what it did not expect; an authorizer that does not even start shows in the API's own 5xx.
    refusals_apart = Metric(
        "Slipway", "AuthorizerFailures", {"service": "authorize", "environment": environment}, "Sum"
    )
    names = ["chat", "search", "documents", "authorize", *(["labelling"] if stack.settings.labelling.enabled else [])]
    names += ["prompts"] if stack.settings.prompts.enabled else []
    return [
        ApiMonitor(stack, "Api", topic_arn=topic_arn, api_name=api_name(environment), stage=STAGE, slow=SLOW),
        *(
            FunctionMonitor(
                stack,
                name.capitalize(),
                topic_arn=topic_arn,
                function_name=stack.look_up("gateway", f"{name}-function-name"),
                timeout=cdk.Duration.seconds(stack.settings.gateway.timeout_seconds) if name == "chat" else API_TIMEOUT,
                failures=refusals_apart if name == "authorize" else None,
            )
            for name in names
        ),
    ]
