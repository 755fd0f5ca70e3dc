"""The user pool as it is synthesised."""

from collections.abc import Callable
from typing import Any

import pytest

from slipway_runtime.operate.tenants import SCOPES
from stacks import settings_access

pytestmark = pytest.mark.capability("S8")
POOL = "gateway: {access: {tenants: true, cognito: {enabled: true%s}}}\n"


def test_its_scopes_are_those_that_keys_have() -> None:
    assert tuple(SCOPES) == settings_access.SCOPES


def test_services_alone_have_no_login(synthesise: Callable[[str], Any]) -> None:
    templates = synthesise(POOL % "")
    pool = templates.one("gateway", "AWS::Cognito::UserPool")
    assert pool["MfaConfiguration"] == "ON"
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    server = templates.one("gateway", "AWS::Cognito::UserPoolResourceServer")
    assert [each["ScopeName"] for each in server["Scopes"]] == list(SCOPES)
    assert templates.of("gateway", "AWS::Cognito::UserPoolClient") == []


def test_people_sign_in_by_code_and_come_back_where_the_settings_say(synthesise: Callable[[str], Any]) -> None:
    templates = synthesise(POOL % ", callback_urls: ['https://chat.example.org/back']")
    login = templates.one("gateway", "AWS::Cognito::UserPoolClient")
    assert login["AllowedOAuthFlows"] == ["code"]
    assert login["CallbackURLs"] == ["https://chat.example.org/back"]
    assert login["GenerateSecret"] is False
