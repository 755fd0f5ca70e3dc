import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def paths(templates: Any) -> set[str]:
    """Return `VERB /path` of every method."""
    found = templates["gateway"]["Resources"]

    def path(reference: dict[str, Any]) -> str:
        if "Fn::GetAtt" in reference:
            return ""
        resource = found[reference["Ref"]]["Properties"]
        return f"{path(resource['ParentId'])}/{resource['PathPart']}"

    methods = [item["Properties"] for item in templates.of("gateway", "AWS::ApiGateway::Method")]
    return {f"{method['HttpMethod']} {path(method['ResourceId'])}" for method in methods}


@pytest.mark.capability("S7")
def test_the_api_has_the_paths_of_openai(dev: Any) -> None:
    assert paths(dev) >= {
        "POST /v1/chat/completions",
        "POST /v1/embeddings",
        "GET /v1/models",
        "GET /v1/models/{id}",
        "GET /v1/openapi.json",
        "POST /v1/search",
        "GET /v1/documents",
        "GET /v1/documents/{id}",
        "DELETE /v1/documents/{id}",
        "GET /v1/labelling/jobs",
        "GET /v1/labelling/jobs/{id}",
        "POST /v1/labelling/jobs/{id}/next",
        "POST /v1/labelling/jobs/{id}/items/{item}/labels",
        "POST /v1/labelling/jobs/{id}/items/{item}/skip",
        "POST /v1/labelling/jobs/{id}/items/{item}/flag",
        *(f"GET /v1/{name}" for name in ("prompts", "prompt-examples", "prompt-experiments")),
        *(
            f"{verb} /v1/{name}/{{proxy+}}"
            for verb in ("GET", "POST", "PUT")
            for name in ("prompts", "prompt-examples", "prompt-experiments")
        ),
        "POST /v1/prompt-experiments",
        *("GET /v1/usage", "GET /v1/feedback", "POST /v1/feedback"),
    }


def test_every_method_needs_a_key(dev: Any) -> None:
    authorizer = dev.one("gateway", "AWS::ApiGateway::Authorizer")

    assert {item["Properties"]["AuthorizationType"] for item in dev.of("gateway", "AWS::ApiGateway::Method")} == {
        "CUSTOM"
    }
    assert authorizer["Type"] == "TOKEN"
    assert authorizer["IdentitySource"] == "method.request.header.Authorization"
    assert authorizer["AuthorizerResultTtlInSeconds"] == 60


def test_the_key_is_generated_for_the_default_tenant(dev: Any) -> None:
    made = dev.one("gateway", "AWS::SecretsManager::Secret")["GenerateSecretString"]

    assert json.loads(made["SecretStringTemplate"]) == {"tenant": "default"}
    assert made["GenerateStringKey"] == "key"
    assert made["PasswordLength"] == 48


def test_the_stage_is_throttled_and_logs_neither_keys_nor_addresses(dev: Any) -> None:
    stage = dev.one("gateway", "AWS::ApiGateway::Stage")
    log_format = stage["AccessLogSetting"]["Format"]

    assert stage["StageName"] == "live"
    assert stage["MethodSettings"][0]["ThrottlingRateLimit"] == 10
    assert stage["MethodSettings"][0]["ThrottlingBurstLimit"] == 20
    assert "$context.requestId" in log_format
    assert not {"identity", "authorization", "body"} & set(log_format.lower().replace(".", " ").split())


def test_errors_of_the_gateway_have_openais_form(dev: Any) -> None:
    bodies = {
        item["Properties"]["ResponseType"]: item["Properties"]["ResponseTemplates"]["application/json"]
        for item in dev.of("gateway", "AWS::ApiGateway::GatewayResponse")
    }

    assert set(bodies) == {
        *("BAD_REQUEST_BODY", "UNAUTHORIZED", "ACCESS_DENIED", "THROTTLED", "DEFAULT_4XX", "DEFAULT_5XX"),
        *("MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED", "REQUEST_TOO_LARGE", "INTEGRATION_TIMEOUT"),
        "AUTHORIZER_FAILURE",
    }
    for body in bodies.values():
        error = json.loads(body.replace("$context.error.messageString", '"why"'))["error"]
        assert set(error) == {"message", "type", "param", "code"}


def table(templates: Any) -> dict[str, Any]:
    """Return the routing table that is published."""
    [found] = [
        item["Properties"]["Value"]
        for item in templates.of("gateway", "AWS::SSM::Parameter")
        if item["Properties"]["Name"].endswith("/gateway/routes")
    ]
    return dict(json.loads(found))


def test_what_chat_serves_streams(dev: Any) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html"""
    streamed = [
        item["Properties"]["Integration"]
        for item in dev.of("gateway", "AWS::ApiGateway::Method")
        if item["Properties"]["Integration"].get("ResponseTransferMode") == "STREAM"
    ]

    assert len(streamed) == 5
    for integration in streamed:
        assert "/2021-11-15/functions/" in json.dumps(integration["Uri"])
        assert "/response-streaming-invocations" in json.dumps(integration["Uri"])
        assert integration["TimeoutInMillis"] == 120_000
    chat = dev.function("gateway", "chat")
    wrapper = chat["Environment"]["Variables"]["AWS_LAMBDA_EXEC_WRAPPER"]
    path = ROOT / "lambda" / wrapper.removeprefix("/var/task/")
    assert path.stat().st_mode & 0o111
    assert chat["Timeout"] == 120
    assert chat["Runtime"] == "python3.13"


def test_chat_gets_its_models_and_may_call_only_them(dev: Any) -> None:
    variables = dev.function("gateway", "chat")["Environment"]["Variables"]
    policies = json.dumps(dev.of("gateway", "AWS::IAM::Policy"))

    assert variables["ROUTES_PARAMETER"] == "/slipway/dev/gateway/routes"
    assert table(dev)["default"] == {"grounded": True, "routes": [{"bedrock": "global.amazon.nova-2-lite-v1:0"}]}
    assert {"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "ssm:GetParameter"} <= dev.allowed(
        "gateway", "Chat"
    )
    assert not {action for action in dev.allowed("gateway", "Chat") if action.startswith("sagemaker:")}
    assert {"RETRIEVE_TOP_K", "RETRIEVE_MIN_SCORE", "CONTEXT_MAX_TOKENS"} <= set(variables)
    assert ":inference-profile/global.amazon.nova-2-lite-v1:0" in policies
    assert ":bedrock:*::foundation-model/amazon.nova-2-lite-v1:0" in policies
    assert "foundation-model/*" not in policies


def test_chat_reads_the_store_and_writes_nothing_there(dev: Any) -> None:
    actions = {action for action in dev.allowed("gateway", "Chat") if action.startswith("rds-data:")}

    assert actions == {"rds-data:ExecuteStatement"}


def test_documents_deletes_and_does_not_read(dev: Any) -> None:
    allowed = dev.allowed("gateway", "Documents")

    assert {"s3:DeleteObjectVersion", "s3:ListBucketVersions", "rds-data:ExecuteStatement", "dynamodb:Query"} <= allowed
    assert "s3:GetObject" not in allowed
    assert {action for action in allowed if action.startswith("dynamodb:")} == {
        *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"),
        *("dynamodb:DeleteItem", "dynamodb:BatchWriteItem"),  # cached answers that were made from the document
    }


def test_documents_has_no_permission_on_rejects(dev: Any) -> None:
    policies = [
        json.dumps(item)
        for name, item in dev["gateway"]["Resources"].items()
        if item["Type"] == "AWS::IAM::Policy" and name.startswith("Documents")
    ]

    assert any("documentstablename" in policy for policy in policies)
    assert not any("rejectstablename" in policy for policy in policies)


def test_a_firewall_stands_before_prod_and_reads_no_prompt(dev: Any, prod: Any) -> None:
    assert dev.of("gateway", "AWS::WAFv2::WebACL") == []
    acl = prod.one("gateway", "AWS::WAFv2::WebACL")

    assert acl["Rules"][0]["Name"] == "RateByAddress"
    assert "SizeRestrictions_BODY" in json.dumps(acl)
    assert all(not rule["VisibilityConfig"]["SampledRequestsEnabled"] for rule in acl["Rules"])
    assert len(prod.of("gateway", "AWS::WAFv2::WebACLAssociation")) == 1


@pytest.mark.capability("S7")
def test_what_the_command_needs_is_published(dev: Any) -> None:
    names = {
        item["Properties"]["Name"].removeprefix("/slipway/dev/gateway/")
        for item in dev.of("gateway", "AWS::SSM::Parameter")
    }

    assert names >= {
        *("url", "rest-api-id", "stage", "api-key-secret-arn", "routes"),
        *(
            "chat-function-name",
            "search-function-name",
            "documents-function-name",
            "authorize-function-name",
            "labelling-function-name",
            "prompts-function-name",
            "usage-function-name",
        ),
    }
