"""Who may call a REST API: Lambda authorizers of both types, and the tokens of user pools.

Expectations: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
"""

import json
from typing import Any

import pytest

from slipway_local.rest_api.policy import evaluate
from support.rest_api import ECHO, ROOT, Caller, custom, deployed, http_call, method, of_api, resource, shown, uri
from support.tokens import USER, password_tokens, pool_client, tampered, unsigned

pytestmark = pytest.mark.capability("O14")

AUTHORIZE = """
def handler(event, context):
    token = event["authorizationToken"].removeprefix("Bearer ")
    print("asked", token)
    if token == "unauthorized": raise Exception("Unauthorized")
    if token == "broken": raise KeyError("broken")
    if token == "no-policy": return {"principalId": "x"}
    effect = "Deny" if token == "denied" else "Allow"
    resource = "arn:aws:execute-api:*:*:*/live/GET/open" if token == "narrow" else event["methodArn"]
    context = {"tenant": "acme", "level": 3, "admin": True}
    if token == "bad-context": context = {"list": [1]}
    return {"principalId": "user", "context": context, "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}]}}
"""
REQUEST = """
def handler(event, context):
    print("asked", event["headers"].get("X-Tenant"), event["queryStringParameters"], event["resource"])
    effect = "Allow" if event["headers"].get("X-Tenant") == "acme" else "Deny"
    return {"principalId": "user", "context": {"type": event["type"]}, "policyDocument": {"Version": "2012-10-17",
        "Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}]}}
"""


def by_function(local_cloud: Any) -> dict[str, Any]:
    """Lambda authorizers of both types, one of them cached by two sources, and what they guard."""
    sources = "method.request.header.X-Tenant, method.request.querystring.v"
    return {
        "Authorize": local_cloud.function(AUTHORIZE),
        "AuthorizeRequest": local_cloud.function(REQUEST),
        "Authorizer": of_api("Authorizer", Name="a", Type="TOKEN", AuthorizerUri=uri("Authorize"),
                             IdentitySource="method.request.header.Authorization",
                             IdentityValidationExpression="Bearer .+", AuthorizerResultTtlInSeconds=300),
        "Cached": of_api("Authorizer", Name="r", Type="REQUEST", AuthorizerUri=uri("AuthorizeRequest"),
                         IdentitySource=sources, AuthorizerResultTtlInSeconds=300),
        "Uncached": of_api("Authorizer", Name="u", Type="REQUEST", AuthorizerUri=uri("AuthorizeRequest"),
                           AuthorizerResultTtlInSeconds=0),
        "Closed": resource(ROOT, "closed"),
        "ClosedGet": method({"Ref": "Closed"}, **custom("Authorizer")),
        "ClosedOther": resource(ROOT, "other"),
        "ClosedOtherGet": method({"Ref": "ClosedOther"}, **custom("Authorizer")),
        "Request": resource(ROOT, "request"),
        "RequestGet": method({"Ref": "Request"}, **custom("Cached")),
        "RequestPost": method({"Ref": "Request"}, "POST", **custom("Uncached")),
    }  # fmt: skip


def by_user_pool() -> dict[str, Any]:
    """A user pool with scopes for people and machines, another one, and what the first guards."""
    by_pool = {"AuthorizationType": "COGNITO_USER_POOLS", "AuthorizerId": {"Ref": "PoolAuthorizer"}}
    pool: dict[str, Any] = {"Type": "AWS::Cognito::UserPool", "Properties": {}}
    scopes = ["gateway/read", "gateway/write"]
    return {
        "Pool": pool, "OtherPool": pool, "Client": pool_client("Pool"), "OtherClient": pool_client("OtherPool"),
        "Server": {"Type": "AWS::Cognito::UserPoolResourceServer", "Properties": {
            "UserPoolId": {"Ref": "Pool"}, "Identifier": "gateway", "Name": "gateway",
            "Scopes": [{"ScopeName": one.split("/")[1], "ScopeDescription": one} for one in scopes]}},
        "Domain": {"Type": "AWS::Cognito::UserPoolDomain",
                   "Properties": {"UserPoolId": {"Ref": "Pool"}, "Domain": "rest-authorizers"}},
        "Machine": pool_client("Pool", GenerateSecret=True, AllowedOAuthFlowsUserPoolClient=True,
                               AllowedOAuthFlows=["client_credentials"], AllowedOAuthScopes=scopes)
        | {"DependsOn": ["Server"]},
        "PoolAuthorizer": of_api("Authorizer", Name="p", Type="COGNITO_USER_POOLS",
                                 IdentitySource="method.request.header.Authorization",
                                 ProviderARNs=[{"Fn::GetAtt": ["Pool", "Arn"]}]),
        "Identity": resource(ROOT, "identity"),
        "IdentityGet": method({"Ref": "Identity"}, **by_pool),
        "Access": resource(ROOT, "access"),
        "AccessGet": method({"Ref": "Access"}, AuthorizationScopes=["gateway/read"], **by_pool),
    }  # fmt: skip


@pytest.fixture(scope="module")
def api(local_cloud: Any) -> Any:
    unauthorised = of_api(
        "GatewayResponse", ResponseType="UNAUTHORIZED", StatusCode="401",
        ResponseParameters={"gatewayresponse.header.X-Reason": "'no key'"},
        ResponseTemplates={"application/json": '{"error":{"message":$context.error.messageString}}'},
    )  # fmt: skip
    resources = {
        "Role": local_cloud.role(),
        "Api": local_cloud.function(ECHO),
        "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "authorizers"}},
        "Unauthorised": unauthorised,
        **by_function(local_cloud),
        **by_user_pool(),
    }
    values = shown("Rest", "Authorize", "AuthorizeRequest", "Pool", "OtherPool", "Client", "OtherClient", "Machine")
    values["Secret"] = {"Value": {"Fn::GetAtt": ["Machine", "ClientSecret"]}}
    body = {"Resources": deployed(resources), "Outputs": values}
    outputs = local_cloud.outputs(local_cloud.deploy(Authorizers=body), "Authorizers")
    return Caller(f"{local_cloud.place.endpoint_url}/_aws/execute-api/{outputs['Rest']}/live", outputs)


def test_an_allowed_token_passes_its_context_as_text(api: Any) -> None:
    status, _, body = api("/closed", Authorization="Bearer good")
    assert status == 200
    authorizer = json.loads(body)["requestContext"]["authorizer"]
    assert authorizer == {"principalId": "user", "tenant": "acme", "level": "3", "admin": "true"}


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({}, 401, {"error": {"message": "Unauthorized"}}),
        ({"Authorization": "Basic x"}, 401, {"error": {"message": "Unauthorized"}}),
        ({"Authorization": "Bearer unauthorized"}, 401, {"error": {"message": "Unauthorized"}}),
        ({"Authorization": "Bearer denied"}, 403,
         {"Message": "User is not authorized to access this resource with an explicit deny"}),
        ({"Authorization": "Bearer narrow"}, 403, {"Message": "User is not authorized to access this resource"}),
        ({"Authorization": "Bearer broken"}, 500, {"message": None}),
        ({"Authorization": "Bearer no-policy"}, 500, {"message": None}),
        ({"Authorization": "Bearer bad-context"}, 500, {"message": None}),
    ],
    ids=["no-header", "expression", "unauthorized", "deny", "implicit", "error", "no-policy", "bad-context"],
)  # fmt: skip
def test_what_the_authorizer_does_not_allow(api: Any, headers: dict[str, str], status: int, body: Any) -> None:
    got, answer_headers, answer = api("/closed", **headers)
    assert (got, json.loads(answer)) == (status, body)
    if status == 401:
        assert answer_headers["X-Reason"] == "no key"


def test_the_authorizers_answer_is_cached_by_token(api: Any, local_cloud: Any) -> None:
    for _ in range(3):
        assert api("/closed", Authorization="Bearer cached")[0] == 200
    # The cached policy allows only the method it was asked for, as documented for methodArn policies.
    assert api("/other", Authorization="Bearer cached")[0] == 403
    log = (local_cloud.state / "logs" / f"{api.outputs['Authorize']}.log").read_text().splitlines()
    assert log.count("asked cached") == 1


def test_a_request_authorizer_is_cached_by_its_identity_sources(api: Any, local_cloud: Any) -> None:
    for _ in range(2):
        status, _, body = api("/request?v=cached", X_Tenant="acme")
        assert (status, json.loads(body)["requestContext"]["authorizer"]["type"]) == (200, "REQUEST")
    assert api("/request?v=other", X_Tenant="acme")[0] == 200
    log = (local_cloud.state / "logs" / f"{api.outputs['AuthorizeRequest']}.log").read_text()
    assert log.count("asked acme {'v': 'cached'} /request") == 1
    assert log.count("asked acme {'v': 'other'} /request") == 1


def test_a_request_without_an_identity_source_never_reaches_the_function(api: Any, local_cloud: Any) -> None:
    assert api("/request", X_Tenant="acme")[0] == 401
    assert api("/request?v=missing")[0] == 401
    assert "missing" not in (local_cloud.state / "logs" / f"{api.outputs['AuthorizeRequest']}.log").read_text()


def test_a_request_authorizer_without_cache_is_asked_each_time(api: Any, local_cloud: Any) -> None:
    for _ in range(2):
        assert api("/request?v=uncached", "POST", X_Tenant="acme")[0] == 200
    assert api("/request?v=uncached", "POST", X_Tenant="other")[0] == 403
    log = (local_cloud.state / "logs" / f"{api.outputs['AuthorizeRequest']}.log").read_text()
    assert log.count("asked acme {'v': 'uncached'}") == 2


@pytest.fixture(scope="module")
def tokens(api: Any, local_cloud: Any) -> dict[str, str]:
    """Tokens of a user of each pool, and of a machine with each scope."""
    place, names = local_cloud.place, api.outputs
    ours = password_tokens(place, names["Pool"], names["Client"])
    theirs = password_tokens(place, names["OtherPool"], names["OtherClient"])
    found = {"id": ours["IdToken"], "access": ours["AccessToken"], "foreign": theirs["IdToken"]}
    for scope in ("read", "write"):
        form = f"grant_type=client_credentials&client_id={names['Machine']}&client_secret={names['Secret']}"
        status, _, body = http_call(
            f"{place.endpoint_url}/_aws/cognito-idp/rest-authorizers/oauth2/token", "POST",
            f"{form}&scope=gateway/{scope}".encode(), Content_Type="application/x-www-form-urlencoded",
        )  # fmt: skip
        assert status == 200, body
        found[scope] = json.loads(body)["access_token"]
    return found


@pytest.mark.parametrize("prefix", ["", "Bearer "])
def test_an_identity_token_gives_its_claims_to_the_function(api: Any, tokens: Any, prefix: str) -> None:
    status, _, body = api("/identity", Authorization=prefix + tokens["id"])
    assert status == 200, body
    claims = json.loads(body)["requestContext"]["authorizer"]["claims"]
    assert (claims["cognito:username"], claims["token_use"]) == (USER, "id")
    assert (claims["email"], claims["cognito:groups"]) == ("user@example.com", "tenants")
    assert claims["exp"].endswith("UTC " + claims["exp"][-4:])


def test_a_method_with_scopes_takes_access_tokens_that_have_one(api: Any, tokens: Any) -> None:
    status, _, body = api("/access", Authorization=tokens["read"])
    assert (status, json.loads(body)["requestContext"]["authorizer"]["claims"]["scope"]) == (200, "gateway/read")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/identity", "access"),  # without scopes the token must be an identity token
        ("/identity", "read"),
        ("/identity", "foreign"),
        ("/access", "id"),
        ("/access", "access"),  # aws.cognito.signin.user.admin only
        ("/access", "write"),
        ("/access", "foreign"),
    ],
)
def test_a_token_of_the_wrong_use_scope_or_pool_is_unauthorized(api: Any, tokens: Any, path: str, name: str) -> None:
    status, headers, body = api(path, Authorization=tokens[name])
    assert (status, json.loads(body)) == (401, {"error": {"message": "Unauthorized"}})
    assert headers["X-Reason"] == "no key"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "Bearer ", "é.é.é", "." * 1000])
def test_what_is_no_token_is_unauthorized(api: Any, token: str) -> None:
    headers = {"Authorization": token.encode().decode("latin-1")} if token else {}
    assert api("/identity", **headers)[0] == 401


@pytest.mark.parametrize("change", [tampered, unsigned])
def test_a_changed_or_unsigned_token_is_unauthorized(api: Any, tokens: Any, change: Any) -> None:
    assert api("/identity", Authorization=change(tokens["id"]))[0] == 401


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([("Allow", "execute-api:Invoke", "*")], True),
        ([("Allow", "execute-api:*", "arn:aws:execute-api:us-east-1:1:api/live/*/v1/*")], True),
        ([("Allow", "execute-api:Invoke", "arn:aws:execute-api:us-east-1:1:api/live/POST/*")], None),
        ([("Allow", "*", "*"), ("Deny", "execute-api:Invoke", "*/v1/models")], False),
        ([("Allow", "s3:GetObject", "*")], None),
    ],
)
def test_policies_are_evaluated_with_explicit_deny_first(statements: Any, verdict: bool | None) -> None:
    document = {"Statement": [dict(zip(("Effect", "Action", "Resource"), one, strict=True)) for one in statements]}
    assert evaluate(document, "arn:aws:execute-api:us-east-1:1:api/live/GET/v1/models") is verdict
