"""User pools: sign-in, tokens that anybody can verify, and the token endpoint of a domain.

Expectations: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html,
https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html and
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html
"""

import base64
import hashlib
import hmac
import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError
from joserfc import jwt
from joserfc.jwk import KeySet

from support.rest_api import http_call
from support.tokens import PASSWORD, USER, part, password_tokens

pytestmark = pytest.mark.capability("O14")

FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
OAUTH = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["client_credentials"],
    "AllowedOAuthScopes": ["gateway/read", "gateway/write"],
}


def cognito(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::Cognito::{kind}", "Properties": properties}


def of_pool(kind: str, **properties: Any) -> dict[str, Any]:
    return cognito(kind, UserPoolId={"Ref": "Pool"}, **properties)


@pytest.fixture(scope="module")
def pool(local_cloud: Any) -> Any:
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write", "admin")]
    machine = of_pool("UserPoolClient", GenerateSecret=True, ExplicitAuthFlows=FLOWS, **OAUTH)
    resources = {
        "Pool": cognito("UserPool", UserPoolName="tenants"),
        "Client": of_pool(
            "UserPoolClient", ExplicitAuthFlows=FLOWS, AccessTokenValidity=10, IdTokenValidity=2,
            TokenValidityUnits={"AccessToken": "minutes", "IdToken": "hours"},
        ),
        "SrpClient": of_pool("UserPoolClient"),
        "Server": of_pool("UserPoolResourceServer", Identifier="gateway", Name="gateway", Scopes=scopes),
        "Machine": machine | {"DependsOn": ["Server"]},
        "Domain": of_pool("UserPoolDomain", Domain="tenants"),
        "Group": of_pool("UserPoolGroup", GroupName="admins"),
        "Invited": of_pool("UserPoolUser", Username="invited", MessageAction="SUPPRESS"),
        "Member": of_pool("UserPoolUserToGroupAttachment", Username={"Ref": "Invited"}, GroupName={"Ref": "Group"}),
    }  # fmt: skip
    values = {name: {"Ref": name} for name in ("Pool", "Client", "SrpClient", "Machine", "Domain", "Server")}
    values |= {"Secret": {"Fn::GetAtt": ["Machine", "ClientSecret"]}, "Url": {"Fn::GetAtt": ["Pool", "ProviderURL"]}}
    body = {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in values.items()}}
    outputs = local_cloud.outputs(local_cloud.deploy(Cognito=body), "Cognito")
    client = local_cloud.place.client("cognito-idp")
    tokens = password_tokens(local_cloud.place, outputs["Pool"], outputs["Client"])
    return SimpleNamespace(client=client, tokens=tokens, url=local_cloud.place.endpoint_url, **outputs)


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def keys_of(pool: Any) -> Any:
    """The keys as a verifier finds them: below the endpoint of the `cognito-idp` client."""
    status, _, body = http_call(f"{pool.client.meta.endpoint_url}/{pool.Pool}/.well-known/jwks.json")
    assert status == 200
    return json.loads(body)


@pytest.mark.parametrize(("name", "use", "audience", "seconds"), [
    ("IdToken", "id", "aud", 7200), ("AccessToken", "access", "client_id", 600),
])  # fmt: skip
def test_tokens_verify_against_the_published_keys(pool: Any, name: str, use: str, audience: str, seconds: int) -> None:
    key_set = KeySet.import_key_set(keys_of(pool))
    claims = jwt.decode(pool.tokens[name], key_set, algorithms=["RS256"]).claims
    assert claims["iss"] == pool.Url == f"https://cognito-idp.us-east-1.amazonaws.com/{pool.Pool}"
    assert (claims["token_use"], claims[audience], claims["cognito:groups"]) == (use, pool.Client, ["tenants"])
    assert claims["exp"] - claims["iat"] == seconds


def test_the_published_keys_hold_no_private_part(pool: Any) -> None:
    (key,) = keys_of(pool)["keys"]
    assert set(key) == {"alg", "e", "kid", "kty", "n", "use"}
    assert (key["alg"], key["kty"], key["use"]) == ("RS256", "RSA", "sig")


def test_the_openid_configuration_names_issuer_and_keys(pool: Any) -> None:
    found = json.loads(http_call(f"{pool.url}/{pool.Pool}/.well-known/openid-configuration")[2])
    assert found["issuer"] == pool.Url
    assert json.loads(http_call(found["jwks_uri"])[2]) == keys_of(pool)
    assert found["token_endpoint"] == f"{pool.url}/_aws/cognito-idp/tenants/oauth2/token"
    assert http_call(f"{pool.url}/us-east-1_none/.well-known/jwks.json")[0] == 404


def test_an_invited_user_is_in_the_group_and_must_choose_a_password(pool: Any) -> None:
    users = pool.client.list_users_in_group(UserPoolId=pool.Pool, GroupName="admins")["Users"]
    assert [(user["Username"], user["UserStatus"]) for user in users] == [("invited", "FORCE_CHANGE_PASSWORD")]


def test_admin_sign_in_and_refresh(pool: Any) -> None:
    found = pool.client.admin_initiate_auth(
        UserPoolId=pool.Pool, ClientId=pool.Client, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": USER, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]  # fmt: skip
    assert (found["TokenType"], found["ExpiresIn"]) == ("Bearer", 600)
    parameters = {"REFRESH_TOKEN": found["RefreshToken"]}
    again = pool.client.initiate_auth(
        ClientId=pool.Client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters
    )["AuthenticationResult"]  # fmt: skip
    assert part(again["AccessToken"], 1)["sub"] == part(found["AccessToken"], 1)["sub"]
    assert "RefreshToken" not in again


@pytest.mark.parametrize(
    ("client", "flow", "parameters", "code"),
    [
        ("Client", "USER_PASSWORD_AUTH", {"USERNAME": USER, "PASSWORD": "wrong"}, "NotAuthorizedException"),
        ("Client", "USER_PASSWORD_AUTH", {"USERNAME": "nobody", "PASSWORD": "x"}, "UserNotFoundException"),
        ("Client", "REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": "invented"}, "NotAuthorizedException"),
        ("SrpClient", "USER_PASSWORD_AUTH", {"USERNAME": USER, "PASSWORD": PASSWORD}, "InvalidParameterException"),
        ("SrpClient", "USER_SRP_AUTH", {"USERNAME": USER, "SRP_A": "1"}, "InvalidParameterException"),
        ("Machine", "USER_PASSWORD_AUTH", {"USERNAME": USER, "PASSWORD": PASSWORD}, "NotAuthorizedException"),
        ("Machine", "USER_PASSWORD_AUTH", {"USERNAME": USER, "PASSWORD": PASSWORD, "SECRET_HASH": "x"},
         "NotAuthorizedException"),
    ],
    ids=["password", "user", "refresh", "flow", "srp", "no-secret", "wrong-secret"],
)  # fmt: skip
def test_who_may_not_sign_in(pool: Any, client: str, flow: str, parameters: Any, code: str) -> None:
    arguments = {"ClientId": getattr(pool, client), "AuthFlow": flow, "AuthParameters": parameters}
    assert refused(pool.client.initiate_auth, **arguments) == code
    if flow == "REFRESH_TOKEN_AUTH":
        assert refused(pool.client.admin_initiate_auth, UserPoolId=pool.Pool, **arguments) == code


def test_a_client_with_a_secret_proves_it_by_hash(pool: Any) -> None:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html"""
    digest = hmac.new(pool.Secret.encode(), f"{USER}{pool.Machine}".encode(), hashlib.sha256).digest()
    secret_hash = base64.b64encode(digest).decode()
    parameters = {"USERNAME": USER, "PASSWORD": PASSWORD, "SECRET_HASH": secret_hash}
    answer = pool.client.initiate_auth(
        ClientId=pool.Machine, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
    )  # fmt: skip
    refresh = answer["AuthenticationResult"]["RefreshToken"]
    status, found = token(pool, {"grant_type": "refresh_token", "refresh_token": refresh, **credentials(pool)})
    assert (status, part(found["id_token"], 1)["cognito:username"]) == (200, USER)


def token(pool: Any, form: dict[str, str], **headers: str) -> tuple[int, Any]:
    headers = {"Content_Type": "application/x-www-form-urlencoded", **headers}
    url = f"{pool.url}/_aws/cognito-idp/{pool.Domain}/oauth2/token"
    status, _, body = http_call(url, "POST", urlencode(form).encode(), **headers)
    return status, json.loads(body)


def credentials(pool: Any) -> dict[str, str]:
    return {"client_id": pool.Machine, "client_secret": pool.Secret}


@pytest.mark.parametrize(("scope", "granted"), [(None, "gateway/read gateway/write"), ("gateway/read", "gateway/read")])
def test_a_machine_gets_a_token_with_its_scopes(pool: Any, scope: str | None, granted: str) -> None:
    basic = base64.b64encode(f"{pool.Machine}:{pool.Secret}".encode()).decode()
    form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    status, found = token(pool, form, Authorization=f"Basic {basic}")
    assert (status, found["token_type"], found["expires_in"]) == (200, "Bearer", 3600)
    claims = jwt.decode(found["access_token"], KeySet.import_key_set(keys_of(pool)), algorithms=["RS256"]).claims
    assert (claims["scope"], claims["token_use"], claims["iss"]) == (granted, "access", pool.Url)
    assert claims["sub"] == claims["client_id"] == pool.Machine
    assert "aud" not in claims


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"scope": "gateway/admin"}, "invalid_scope"),
        ({"scope": "other/read"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "invented"}, "invalid_grant"),
    ],
)
def test_the_token_endpoint_refuses(pool: Any, change: dict[str, str], error: str) -> None:
    form = {"grant_type": "client_credentials", **credentials(pool), **change}
    assert token(pool, form) == (400, {"error": error})


def test_the_token_endpoint_takes_forms_only_and_clients_that_may(pool: Any) -> None:
    form = {"grant_type": "client_credentials", **credentials(pool)}
    assert token(pool, form, Content_Type="application/json") == (400, {"error": "invalid_request"})
    assert token(pool, {**form, "client_id": pool.Client}) == (400, {"error": "unauthorized_client"})
    assert token(pool, form, Authorization="Basic !!!") == (400, {"error": "invalid_client"})
    assert http_call(f"{pool.url}/_aws/cognito-idp/nobody/oauth2/token", "POST", b"")[0] == 404


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        ({"Pool": cognito("UserPool", LambdaConfig={"PreTokenGeneration": "arn:aws:lambda:us-east-1:1:function:f"})},
         "PreTokenGeneration"),
        ({"Pool": cognito("UserPool"), "Client": of_pool("UserPoolClient", GenerateSecret=True, **OAUTH)},
         "ScopeDoesNotExist"),
        ({"Pool": cognito("UserPool"), "Client": of_pool("UserPoolClient", **OAUTH)}, "client secret"),
    ],
    ids=["trigger", "scope", "secret"],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_and_leaves_nothing(local_cloud: Any, resources: Any, reason: str) -> None:
    """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html"""
    client = local_cloud.place.client("cognito-idp")
    before = client.list_user_pools(MaxResults=60)["UserPools"]
    with pytest.raises(Exception, match=reason):
        local_cloud.deploy(CognitoRefused={"Resources": resources})
    assert len(client.list_user_pools(MaxResults=60)["UserPools"]) == len(before)


def test_a_stack_of_a_pool_changes_in_place_and_goes(local_cloud: Any) -> None:
    def template(description: str) -> dict[str, Any]:
        scopes = [{"ScopeName": "read", "ScopeDescription": description}]
        pool = cognito("UserPool", UserPoolName="changing")
        server = of_pool("UserPoolResourceServer", Identifier="s", Name="s", Scopes=scopes)
        return {"Resources": {"Pool": pool, "Server": server}, "Outputs": {"Pool": {"Value": {"Ref": "Pool"}}}}

    client = local_cloud.place.client("cognito-idp")
    first = local_cloud.outputs(local_cloud.deploy(Changing=template("one")), "Changing")["Pool"]
    second = local_cloud.outputs(local_cloud.deploy(Changing=template("two")), "Changing")["Pool"]
    server = client.describe_resource_server(UserPoolId=second, Identifier="s")["ResourceServer"]
    assert (first, server["Scopes"][0]["ScopeDescription"]) == (second, "two")
    local_cloud.remove("Changing")
    assert refused(client.describe_user_pool, UserPoolId=first) == "ResourceNotFoundException"


def signing_in(pool: Any, username: str, **password: str) -> Any:
    given = {"USERNAME": username, **password}
    return pool.client.initiate_auth(ClientId=pool.Client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)


def user(pool: Any, name: str, *, temporary: str | None = None) -> None:
    given = {"TemporaryPassword": temporary} if temporary else {}
    pool.client.admin_create_user(UserPoolId=pool.Pool, Username=name, MessageAction="SUPPRESS", **given)
    if not temporary:
        pool.client.admin_set_user_password(UserPoolId=pool.Pool, Username=name, Password=PASSWORD, Permanent=True)


def test_a_challenge_is_answered_for_the_challenged_user_only(pool: Any) -> None:
    """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html"""
    user(pool, "victim")
    user(pool, "invited-too", temporary="Temporary-1!x")
    session = signing_in(pool, "invited-too", PASSWORD="Temporary-1!x")["Session"]
    answer = {"ClientId": pool.Client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session}
    given = {"USERNAME": "victim", "NEW_PASSWORD": "Another-1!x"}
    code = refused(pool.client.respond_to_auth_challenge, **answer, ChallengeResponses=given)
    assert code == "NotAuthorizedException"
    assert signing_in(pool, "victim", PASSWORD=PASSWORD)["AuthenticationResult"]
    own = {"USERNAME": "invited-too", "NEW_PASSWORD": "Another-1!x"}
    assert pool.client.respond_to_auth_challenge(**answer, ChallengeResponses=own)["AuthenticationResult"]


def test_no_password_is_no_password(pool: Any) -> None:
    """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html"""
    pool.client.admin_create_user(UserPoolId=pool.Pool, Username="without", MessageAction="SUPPRESS")
    assert refused(signing_in, pool=pool, username="without") == "InvalidParameterException"
    assert refused(signing_in, pool=pool, username="without", PASSWORD="any") == "NotAuthorizedException"


def test_a_disabled_user_refreshes_no_tokens(pool: Any) -> None:
    """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDisableUser.html"""
    user(pool, "leaver")
    token = signing_in(pool, "leaver", PASSWORD=PASSWORD)["AuthenticationResult"]["RefreshToken"]
    refresh = {"ClientId": pool.Client, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": token}}
    assert pool.client.initiate_auth(**refresh)["AuthenticationResult"]
    pool.client.admin_disable_user(UserPoolId=pool.Pool, Username="leaver")
    assert refused(pool.client.initiate_auth, **refresh) == "NotAuthorizedException"
    assert refused(signing_in, pool=pool, username="leaver", PASSWORD=PASSWORD) == "NotAuthorizedException"


def test_only_the_code_that_was_made_confirms(pool: Any) -> None:
    """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ConfirmForgotPassword.html"""
    user(pool, "forgetful")
    named = {"ClientId": pool.Client, "Username": "forgetful"}
    answer = pool.client.forgot_password(**named)
    wrong = {**named, "ConfirmationCode": "1", "Password": "Another-1!x"}
    assert refused(pool.client.confirm_forgot_password, **wrong) == "CodeMismatchException"
    code = answer["ResponseMetadata"]["HTTPHeaders"]["x-moto-forgot-password-confirmation-code"]
    pool.client.confirm_forgot_password(**{**wrong, "ConfirmationCode": code})
    assert signing_in(pool, "forgetful", PASSWORD="Another-1!x")["AuthenticationResult"]
    pool.client.sign_up(ClientId=pool.Client, Username="new", Password=PASSWORD)
    confirm = {"ClientId": pool.Client, "Username": "new", "ConfirmationCode": "000000"}
    assert refused(pool.client.confirm_sign_up, **confirm) == "CodeMismatchException"
    pool.client.admin_confirm_sign_up(UserPoolId=pool.Pool, Username="new")
    assert signing_in(pool, "new", PASSWORD=PASSWORD)["AuthenticationResult"]
