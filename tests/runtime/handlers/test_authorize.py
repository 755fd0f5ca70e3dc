"""The authorizer lets the right key in, and says nothing else."""

import json

import boto3
import pytest

from slipway_runtime.handlers import authorize
from slipway_runtime.handlers.authorize import handler

ARN = "arn:aws-cn:execute-api:cn-north-1:123456789012:abc123/live/POST/v1/chat/completions"


@pytest.fixture
def secret(cloud, monkeypatch):
    secrets = boto3.client("secretsmanager")
    arn = secrets.create_secret(Name="api-key", SecretString=json.dumps({"tenant": "acme", "key": "k" * 48}))["ARN"]
    monkeypatch.setenv("API_KEY_SECRET_ARN", arn)
    return secrets


def token(value: str) -> dict[str, str]:
    return {"type": "TOKEN", "authorizationToken": value, "methodArn": ARN}


@pytest.mark.capability("S7")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_right_key_gives_its_tenant_for_the_whole_stage(secret, context, scheme: str) -> None:
    answer = handler(token(f"{scheme} {'k' * 48}"), context)
    assert answer["context"] == {"tenant": "acme", "scopes": "all"}
    [statement] = answer["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == "arn:aws-cn:execute-api:cn-north-1:123456789012:abc123/live/*"


@pytest.mark.capability("S7")
@pytest.mark.parametrize(
    "event",
    [
        *(token(value) for value in ("", "Bearer", "Bearer ", f"Basic {'k' * 48}", "k" * 48, f"Bearer {'k' * 47}")),
        *(token(value) for value in (f"Bearer {'k' * 48}x", "Bearer ключ", "Bearer \ud800")),
        {},
        {"authorizationToken": 5, "methodArn": ARN},
    ],
)
def test_anything_else_is_unauthorized_by_the_exact_words(secret, context, event) -> None:
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        handler(event, context)


def test_the_secret_is_cached_and_a_rotated_key_works_soon(secret, context, monkeypatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(authorize.time, "monotonic", lambda: now[0])
    handler(token(f"Bearer {'k' * 48}"), context)
    secret.put_secret_value(SecretId="api-key", SecretString=json.dumps({"tenant": "acme", "key": "n" * 48}))
    handler(token(f"Bearer {'k' * 48}"), context)
    with pytest.raises(Exception, match="Unauthorized"):
        handler(token(f"Bearer {'n' * 48}"), context)
    now[0] += 11
    assert handler(token(f"Bearer {'n' * 48}"), context)["principalId"] == "acme"
    with pytest.raises(Exception, match="Unauthorized"):
        handler(token(f"Bearer {'k' * 48}"), context)


def test_wrong_keys_and_faults_are_counted_apart(secret, context, logged) -> None:
    for event in (token("Bearer wrong"), {}):
        with pytest.raises(Exception, match="Unauthorized"):
            handler(event, context)
    text = logged()
    assert text.count('"Unauthorized":[1.0]') == 2
    assert "AuthorizerFailures" not in text
    authorize.cache.__init__()
    secret.put_secret_value(SecretId="api-key", SecretString='{"tenant": "acme", "key": ')
    with pytest.raises(Exception, match="truncated"):
        handler(token("Bearer wrong"), context)
    authorize.cache.__init__()
    secret.delete_secret(SecretId="api-key", ForceDeleteWithoutRecovery=True)
    with pytest.raises(Exception, match="ResourceNotFound"):
        handler(token(f"Bearer {'k' * 48}"), context)
    assert logged().count('"AuthorizerFailures":[1.0]') == 2


def test_a_withdrawn_key_ends_within_a_minute(secret, context, monkeypatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(authorize.time, "monotonic", lambda: now[0])
    handler(token(f"Bearer {'k' * 48}"), context)
    secret.put_secret_value(SecretId="api-key", SecretString=json.dumps({"tenant": "acme", "key": "n" * 48}))
    now[0] += 60.5
    with pytest.raises(Exception, match="Unauthorized"):
        handler(token(f"Bearer {'k' * 48}"), context)


def test_keys_are_not_logged(secret, context, logged) -> None:
    handler(token(f"Bearer {'k' * 48}"), context)
    with pytest.raises(Exception, match="Unauthorized"):
        handler(token("Bearer wrong-key-value"), context)
    text = logged()
    assert "kkkk" not in text
    assert "wrong-key-value" not in text


def test_an_empty_secret_lets_nobody_in(secret, context, monkeypatch) -> None:
    monkeypatch.setattr(authorize, "cache", authorize.KeyCache())
    secret.put_secret_value(SecretId="api-key", SecretString=json.dumps({"tenant": "acme", "key": ""}))
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        handler(token("Bearer "), context)
