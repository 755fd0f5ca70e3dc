"""The settings of who may call the API."""

from __future__ import annotations

from typing import Annotated

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
        default_factory=list,
        max_length=20,
        description="Where the hosted login may send people back to; none: services alone sign in.",
    )
    mfa: bool = Field(True, description="People need a second factor, an authenticator app.")


# Kinds of paths that a key or token opens: those of slipway_runtime.operate.tenants.
SCOPES = ("all", "chat", "documents", "prompts", "labelling", "usage")
VpcEndpointId = Annotated[str, Field(pattern=r"^vpce-[0-9a-f]{8,17}$")]


class PrivateApi(Section):
    """An API that has no address in the internet: it answers through VPC endpoints of execute-api alone."""

    enabled: bool = Field(
        False,
        description="Make it private; a network that is created gets an endpoint, about $8 a month and zone.",
    )
    endpoint_ids: list[VpcEndpointId] = Field(
        default_factory=list, max_length=50, description="Endpoints of execute-api that exist, like those of a hub VPC."
    )


class Access(Section):
    """Who may call, beside the tenant of the environment's own key."""

    tenants: bool = Field(
        False, description="Keep keys of more tenants, hashed, in a table: `slipway tenants`. Idle it costs nothing."
    )
    private: PrivateApi = Field(default_factory=PrivateApi, description="From where: VPC endpoints alone.")
    cognito: Cognito = Field(default_factory=Cognito, description="A user pool.")
