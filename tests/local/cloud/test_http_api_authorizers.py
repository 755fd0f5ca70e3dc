"""Who may call an HTTP API: tokens of a user pool, and functions with simple or policy answers.

Expectations: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html
"""

import json
from typing import Any

import pytest

from support.http_api import integration, of_api, route
from support.rest_api import ECHO, Caller, custom, shown, uri
from support.tokens import USER, password_tokens, pool_client, tampered, unsigned

pytestmark = pytest.mark.capability("O14")

SIMPLE = """
def handler(event, context):
    tenant = event["headers"].get("x-tenant")
    print("asked", tenant, event["version"], event["type"], event.get("identitySource"), event.get("routeArn"))
    if tenant == "broken": raise ValueError("broken")
    if tenant == "malformed": return {"allowed": True}
    return {"isAuthorized": tenant == "acme", "context": {"tenant": tenant, "level": 3, "tags": ["a"]}}
"""
POLICY = """
def handler(event, context):
    effect = "Allow" if event["headers"].get("X-Tenant") == "acme" else "Deny"
    return {"principalId": "user", "context": {"tenant": "acme"}, "policyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}]}}
"""


@pytest.fixture(scope="module")
def api(local_cloud: Any) -> Any:
    issuer = {"Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"}
    jwt = {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": "Jwt"}}
    pool = {"Type": "AWS::Cognito::UserPool", "Properties": {}}
    resources = {
        "Role": local_cloud.role(),
        "Api": local_cloud.function(ECHO),
        "Simple": local_cloud.function(SIMPLE),
        "Policy": local_cloud.function(POLICY),
        "Pool": pool, "OtherPool": pool,
        "Client": pool_client("Pool"), "SecondClient": pool_client("Pool"), "OtherClient": pool_client("OtherPool"),
        "Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "closed", "ProtocolType": "HTTP"}},
        "Two": integration(), "One": integration(version="1.0"),
        "Jwt": of_api("Authorizer", Name="j", AuthorizerType="JWT", IdentitySource=["$request.header.Authorization"],
                      JwtConfiguration={"Issuer": issuer, "Audience": [{"Ref": "Client"}]}),
        "SimpleAuthorizer": of_api("Authorizer", Name="s", AuthorizerType="REQUEST", AuthorizerUri=uri("Simple"),
                                   AuthorizerPayloadFormatVersion="2.0", EnableSimpleResponses=True,
                                   AuthorizerResultTtlInSeconds=300, IdentitySource=["$request.header.X-Tenant"]),
        "PolicyAuthorizer": of_api("Authorizer", Name="p", AuthorizerType="REQUEST", AuthorizerUri=uri("Policy"),
                                   AuthorizerPayloadFormatVersion="1.0", AuthorizerResultTtlInSeconds=0,
                                   IdentitySource=["$request.header.X-Tenant"]),
        "JwtRoute": route("GET /jwt", **jwt),
        "ScopeRoute": route("GET /scope", AuthorizationScopes=["aws.cognito.signin.user.admin"], **jwt),
        "AdminRoute": route("GET /admin", AuthorizationScopes=["gateway/admin"], **jwt),
        "SimpleRoute": route("GET /simple", **custom("SimpleAuthorizer")),
        "PolicyRoute": route("GET /policy", "One", **custom("PolicyAuthorizer")),
        "Stage": of_api("Stage", StageName="$default", AutoDeploy=True),
    }  # fmt: skip
    values = shown("Http", "Pool", "OtherPool", "Client", "SecondClient", "OtherClient", "Simple")
    body = {"Resources": resources, "Outputs": values}
    outputs = local_cloud.outputs(local_cloud.deploy(HttpClosed=body), "HttpClosed")
    return Caller(f"{local_cloud.place.endpoint_url}/_aws/execute-api/{outputs['Http']}", outputs)


@pytest.fixture(scope="module")
def tokens(api: Any, local_cloud: Any) -> dict[str, str]:
    names = api.outputs
    ours = password_tokens(local_cloud.place, names["Pool"], names["Client"])
    theirs = password_tokens(local_cloud.place, names["OtherPool"], names["OtherClient"])
    second = local_cloud.place.client("cognito-idp").initiate_auth(
        ClientId=names["SecondClient"], AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": USER, "PASSWORD": "Correct-Horse-1"},
    )["AuthenticationResult"]  # fmt: skip
    return {
        "id": ours["IdToken"],
        "access": ours["AccessToken"],
        "foreign": theirs["AccessToken"],
        "second": second["AccessToken"],
        "tampered": tampered(ours["IdToken"]),
        "unsigned": unsigned(ours["IdToken"]),
        "garbage": "a.b.c",
    }


@pytest.mark.parametrize(("path", "name"), [("/jwt", "id"), ("/jwt", "access"), ("/scope", "access")])
def test_a_token_gives_its_claims(api: Any, tokens: Any, path: str, name: str) -> None:
    status, _, body = api(path, Authorization=f"Bearer {tokens[name]}")
    assert status == 200, body
    jwt = json.loads(body)["requestContext"]["authorizer"]["jwt"]
    assert (jwt["claims"]["token_use"], jwt["claims"]["cognito:groups"]) == (name, "[tenants]")
    assert jwt["scopes"] == (["aws.cognito.signin.user.admin"] if path == "/scope" else None)
    assert jwt["claims"]["exp"].isdigit()


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("foreign", "signing key not found"),
        ("second", "the token does not have a valid audience"),
        ("tampered", "signature verification failed or malformed token"),
        ("unsigned", "signature verification failed or malformed token"),
        ("garbage", "signature verification failed or malformed token"),
    ],
)
def test_a_token_that_is_not_valid_is_unauthorized(api: Any, tokens: Any, name: str, description: str) -> None:
    status, headers, body = api("/jwt", Authorization=f"Bearer {tokens[name]}")
    assert (status, json.loads(body)) == (401, {"message": "Unauthorized"})
    assert headers["www-authenticate"] == f'Bearer scope="" error="invalid_token" error_description="{description}"'


def test_no_token_is_unauthorized_and_a_missing_scope_forbidden(api: Any, tokens: Any) -> None:
    assert api("/jwt")[0] == 401
    status, headers, body = api("/admin", Authorization=tokens["access"])
    assert (status, json.loads(body)) == (403, {"message": "Forbidden"})
    assert 'error="insufficient_scope"' in headers["www-authenticate"]


def log_of(local_cloud: Any, api: Any) -> str:
    return str((local_cloud.state / "logs" / f"{api.outputs['Simple']}.log").read_text())


def test_a_simple_answer_gives_its_context_and_is_cached(api: Any, local_cloud: Any) -> None:
    for _ in range(2):
        status, _, body = api("/simple", X_Tenant="acme")
        context = json.loads(body)["requestContext"]["authorizer"]["lambda"]
        assert (status, context) == (200, {"tenant": "acme", "level": 3, "tags": ["a"]})
    log = log_of(local_cloud, api)
    assert log.count("asked acme") == 1
    arn = f"arn:aws:execute-api:us-east-1:123456789012:{api.outputs['Http']}/$default/GET/simple"
    assert f"asked acme 2.0 REQUEST ['acme'] {arn}" in log


@pytest.mark.parametrize(
    ("tenant", "status", "message"),
    [
        (None, 401, "Unauthorized"),
        ("other", 403, "Forbidden"),
        ("broken", 500, "Internal Server Error"),
        ("malformed", 500, "Internal Server Error"),
    ],
)
def test_what_a_simple_answer_does_not_allow(api: Any, tenant: str | None, status: int, message: str) -> None:
    got, _, body = api("/simple", **({"X_Tenant": tenant} if tenant else {}))
    assert (got, json.loads(body)) == (status, {"message": message})


def test_a_policy_decides_too(api: Any) -> None:
    status, _, body = api("/policy", X_Tenant="acme")
    assert (status, json.loads(body)["requestContext"]["authorizer"]["tenant"]) == (200, "acme")
    assert api("/policy", X_Tenant="other")[0] == 403
