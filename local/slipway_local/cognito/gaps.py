"""What moto's Cognito lacks: keys of its own for each pool, token lifetimes, the flows and secrets of a client.

moto 5.2.5 signs every pool's tokens with one private key that it publishes, lets each token live one hour, takes any
flow and no secret from a client, lets a session answer for any user, takes any code for a confirmation, and cannot
update or delete a resource server.
Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html
"""

from typing import Any

from slipway_local.cognito.tokens import ACCESS, SigningKey, sign

UNIT_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
STANDARD_SCOPES = {"phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"}
PASSWORD_FLOWS = ("USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")
REFRESH_FLOWS = ("REFRESH_TOKEN", "REFRESH_TOKEN_AUTH")
REFUSED = "Incorrect username or password."


def install() -> None:
    """Put the missing parts into moto's records and API."""
    from moto.cognitoidp.models import CognitoIdpBackend, CognitoIdpUserPool
    from moto.cognitoidp.responses import CognitoIdpResponse

    CognitoIdpUserPool.json_web_key = SigningKey()
    CognitoIdpUserPool.create_jwt = _create_jwt
    for name, find in (("initiate_auth", _client_anywhere), ("admin_initiate_auth", _client_of_pool)):
        setattr(CognitoIdpBackend, name, _checked(getattr(CognitoIdpBackend, name), find))
    for name in ("create_user_pool_client", "update_user_pool_client"):
        setattr(CognitoIdpBackend, name, _with_known_scopes(getattr(CognitoIdpBackend, name)))
    CognitoIdpBackend.respond_to_auth_challenge = _respond_to_auth_challenge(
        CognitoIdpBackend.respond_to_auth_challenge
    )
    CognitoIdpBackend.confirm_forgot_password = _confirm_forgot_password(CognitoIdpBackend.confirm_forgot_password)
    CognitoIdpBackend.confirm_sign_up = _confirm_sign_up
    CognitoIdpResponse.update_resource_server = _update_resource_server
    CognitoIdpResponse.delete_resource_server = _delete_resource_server


def lifetime_seconds(client: Any, token_use: str) -> int:
    """Return how long a client's tokens of this use (`access`, `id`) live; an hour by default."""
    name = {"access": "AccessToken", "id": "IdToken"}[token_use]
    value = client.extended_config.get(f"{name}Validity")
    unit = (client.extended_config.get("TokenValidityUnits") or {}).get(name, "hours")
    return int(value) * UNIT_SECONDS[unit] if value else 3600


def _create_jwt(
    pool: Any,
    client_id: str,
    username: str,
    token_use: str,
    expires_in: int = 3600,
    extra_data: dict[str, Any] | None = None,
) -> tuple[str, int]:
    user, client = pool._get_user(username), pool.clients[client_id]
    claims = {"sub": user.id, "token_use": token_use}
    if token_use == ACCESS:
        claims |= {"client_id": client_id, "username": user.username}
    else:
        readable = client.get_readable_fields()
        shown = {one["Name"]: one["Value"] for one in user.attributes if not readable or one["Name"] in readable}
        claims |= {**shown, "aud": client_id, "cognito:username": user.username}
    seconds = lifetime_seconds(client, token_use)
    return sign(pool, {**claims, **(extra_data or {})}, seconds), seconds


def _client_anywhere(backend: Any, client_id: str, *rest: Any) -> Any:
    found = [pool.clients[client_id] for pool in backend.user_pools.values() if client_id in pool.clients]
    return found[0] if found else None


def _client_of_pool(backend: Any, pool_id: str, client_id: str, *rest: Any) -> Any:
    return backend.describe_user_pool(pool_id).clients.get(client_id)


def _checked(original: Any, find: Any) -> Any:
    """Wrap a sign-in operation: the flow must be allowed, the secret proven; errors do not tell who exists."""
    from moto.cognitoidp import exceptions

    def sign_in(backend: Any, *arguments: Any) -> Any:
        client, flow, parameters = find(backend, *arguments), arguments[-2], arguments[-1] or {}
        if client is None:
            raise exceptions.ResourceNotFoundError(f"User pool client {arguments[-3]} does not exist.")
        _check_flow(client, flow)
        pool = backend.user_pools[client.user_pool_id]
        username = parameters.get("USERNAME", "")
        if flow in REFRESH_FLOWS:
            known = pool.refresh_tokens.get(parameters.get("REFRESH_TOKEN"))
            if known is None or known[0] != client.id:
                raise exceptions.NotAuthorizedError("Invalid Refresh Token.")
            username = known[1]
        _check_secret(client, username, parameters.get("SECRET_HASH"))
        user = pool._get_user(username)
        if flow in REFRESH_FLOWS:
            _check_enabled(user)
            return original(backend, *arguments)
        if not parameters.get("PASSWORD"):
            raise exceptions.InvalidParameterException("Missing required parameter PASSWORD")
        hidden = client.extended_config.get("PreventUserExistenceErrors") == "ENABLED"
        if (user is None and hidden) or (user is not None and user.password != parameters.get("PASSWORD")):
            raise exceptions.NotAuthorizedError(REFUSED)
        if user is None:
            raise exceptions.UserNotFoundError("User does not exist.")
        _check_enabled(user)
        return original(backend, *arguments)

    return sign_in


def _check_enabled(user: Any) -> None:
    from moto.cognitoidp.exceptions import NotAuthorizedError

    if user is None or not user.enabled:
        raise NotAuthorizedError("User is disabled.")


def _respond_to_auth_challenge(original: Any) -> Any:
    """Wrap the answer to a challenge: only the user who was challenged may give it.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html
    """
    from moto.cognitoidp.exceptions import NotAuthorizedError

    def respond(backend: Any, session: str, client_id: str, challenge: str, responses: dict[str, str]) -> Any:
        username, pool = backend.sessions.get(session, (None, None))
        challenged = pool and pool._get_user(username)
        if not challenged or pool._get_user(responses.get("USERNAME", "")) is not challenged:
            raise NotAuthorizedError("Invalid session for the user.")
        _check_enabled(challenged)
        return original(backend, session, client_id, challenge, responses)

    return respond


def _confirm_forgot_password(original: Any) -> Any:
    """Wrap the new password's confirmation: the code is the one in the header of ForgotPassword's answer."""
    from moto.cognitoidp.exceptions import CodeMismatchException

    def confirm(backend: Any, client_id: str, username: str, password: str, code: str) -> Any:
        client = _client_anywhere(backend, client_id)
        user = client and backend.user_pools[client.user_pool_id]._get_user(username)
        if user and (user.confirmation_code or "") != code:
            raise CodeMismatchException("Invalid verification code provided, please try again.")
        return original(backend, client_id, username, password, code)

    return confirm


def _confirm_sign_up(backend: Any, client_id: str, username: str) -> Any:
    """Refuse: no code is sent, so that none can be right."""
    from moto.cognitoidp.exceptions import CodeMismatchException

    raise CodeMismatchException("Invalid verification code provided: no code is sent here; use AdminConfirmSignUp")


def _check_flow(client: Any, flow: str) -> None:
    from moto.cognitoidp.exceptions import InvalidParameterException

    # moto answers the others with a challenge that any response solves.
    if flow not in PASSWORD_FLOWS + REFRESH_FLOWS:
        raise InvalidParameterException(f"{flow} is not emulated; {', '.join(PASSWORD_FLOWS + REFRESH_FLOWS)} are")
    allowed = client.extended_config.get("ExplicitAuthFlows") or ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]
    names = {flow, f"ALLOW_{flow}"} | ({f"ALLOW_{REFRESH_FLOWS[1]}"} if flow in REFRESH_FLOWS else set())
    if flow == "ADMIN_NO_SRP_AUTH":
        names.add("ALLOW_ADMIN_USER_PASSWORD_AUTH")
    if not names & set(allowed):
        raise InvalidParameterException(f"{flow} flow not enabled for this client")


def _check_secret(client: Any, username: str, given: str | None) -> None:
    from moto.cognitoidp.exceptions import NotAuthorizedError
    from moto.cognitoidp.utils import check_secret_hash

    if not client.generate_secret:
        return
    if not given:
        raise NotAuthorizedError(f"Client {client.id} is configured with secret but SECRET_HASH was not received")
    if not check_secret_hash(client.secret, client.id, username, given):
        raise NotAuthorizedError(f"Unable to verify secret hash for client {client.id}")


def _with_known_scopes(original: Any) -> Any:
    """Wrap an operation on clients: a scope must exist before a client may name it, a common failure of templates."""
    from moto.core.exceptions import JsonRESTError

    def operation(backend: Any, pool_id: str, *arguments: Any) -> Any:
        servers = backend.describe_user_pool(pool_id).resource_servers.values()
        known = {f"{server.identifier}/{scope['ScopeName']}" for server in servers for scope in server.scopes or []}
        wanted = set((arguments[-1] or {}).get("AllowedOAuthScopes") or [])
        if unknown := wanted - known - STANDARD_SCOPES:
            raise JsonRESTError("ScopeDoesNotExistException", f"Invalid scope requested: {', '.join(sorted(unknown))}")
        return original(backend, pool_id, *arguments)

    return operation


def _update_resource_server(response: Any) -> Any:
    from moto.core.responses import ActionResult

    server = response.backend.describe_resource_server(
        response._get_param("UserPoolId"), response._get_param("Identifier")
    )
    server.name, server.scopes = response._get_param("Name"), response._get_param("Scopes")
    return ActionResult({"ResourceServer": server.to_json()})


def _delete_resource_server(response: Any) -> Any:
    from moto.core.responses import EmptyResult

    pool_id, identifier = response._get_param("UserPoolId"), response._get_param("Identifier")
    response.backend.describe_resource_server(pool_id, identifier)
    del response.backend.user_pools[pool_id].resource_servers[identifier]
    return EmptyResult()
