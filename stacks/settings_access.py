"""The settings of who may call the API."""

from __future__ import annotations

from pydantic import Field

from stacks.settings_section import Section


class Cognito(Section):
    """A user pool whose access tokens open the API, beside keys. Needs `tenants`."""

    enabled: bool = Field(False, description="Make the pool; costs for each user who signs in, beyond the free ones.")
    domain_prefix: str = Field(
        "",
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$",
        description="Begin of the login's host name, unique in the region; left open: slipway, environment, account.",
    )
    callback_urls: list[str] = Field(
        default_factory=lambda: ["http://localhost:8400/callback"],
        min_length=1,
        max_length=20,
        description="Where the hosted login may send people back to.",
    )
    mfa: bool = Field(True, description="People need a second factor, an authenticator app.")


class Access(Section):
    """Who may call, beside the tenant of the environment's own key."""

    tenants: bool = Field(
        False, description="Keep keys of more tenants, hashed, in a table: `slipway tenants`. Idle it costs nothing."
    )
    cognito: Cognito = Field(default_factory=Cognito, description="A user pool.")
