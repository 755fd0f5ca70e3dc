"""Users of a user pool, their tokens, and what an attacker makes of a token."""

import base64
import json
from typing import Any

USER = "ada"
PASSWORD = "Correct-Horse-1"


def pool_client(pool: str, **more: Any) -> dict[str, Any]:
    """A client of a user pool of the same template, for sign-in by password."""
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    properties = {"UserPoolId": {"Ref": pool}, "ExplicitAuthFlows": flows, **more}
    return {"Type": "AWS::Cognito::UserPoolClient", "Properties": properties}


def password_tokens(place: Any, pool: str, client: str) -> dict[str, Any]:
    """Sign a new user with a permanent password in and return the tokens."""
    cognito = place.client("cognito-idp")
    attributes = [{"Name": "email", "Value": "user@example.com"}]
    cognito.admin_create_user(UserPoolId=pool, Username=USER, UserAttributes=attributes, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=USER, Password=PASSWORD, Permanent=True)
    cognito.create_group(UserPoolId=pool, GroupName="tenants")
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=USER, GroupName="tenants")
    parameters = {"USERNAME": USER, "PASSWORD": PASSWORD}
    answer = cognito.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    return dict(answer["AuthenticationResult"])


def part(token: str, index: int) -> dict[str, Any]:
    """The header (0) or the claims (1) of a token."""
    text = token.split(".")[index]
    return dict(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def encoded(value: dict[str, Any]) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def tampered(token: str) -> str:
    """The token with other claims under the same signature."""
    header, _, signature = token.split(".")
    return ".".join([header, encoded({**part(token, 1), "cognito:username": "root"}), signature])


def unsigned(token: str) -> str:
    """The token without a signature, which says that it needs none."""
    return f"{encoded({**part(token, 0), 'alg': 'none'})}.{token.split('.')[1]}."
