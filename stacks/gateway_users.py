"""A user pool before the gateway: services by client credentials with scopes, people by the hosted login."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from slipway_constructs.acknowledgement import acknowledge
from stacks.settings_access import SCOPES

if TYPE_CHECKING:
    from stacks.settings_access import Cognito
    from stacks.slipway_stack import SlipwayStack

RESOURCE = "slipway"
PLUS_REASON = (
    "Threat protection is part of Cognito's Plus plan, which costs for each user a month; who wants it sets the plan."
)


class GatewayUsers(Construct):
    """The pool as `pool`, the login's client as `login`, None where there is nowhere to send people back to.

    Creates: pool, domain, resource server with a scope for each kind of path, a public client with code and PKCE.
    Grants: none. People are invited, and belong to a tenant by the group `tenant-<name>`.
    Source: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Cognito, domain_prefix: str, removal: cdk.RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        self.pool = cognito.UserPool(
            self,
            "Pool",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            mfa=cognito.Mfa.REQUIRED if settings.mfa else cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            password_policy=cognito.PasswordPolicy(
                min_length=14, require_digits=True, require_lowercase=True, require_symbols=True, require_uppercase=True
            ),
            deletion_protection=removal != cdk.RemovalPolicy.DESTROY,
            removal_policy=removal,
        )
        scopes = [cognito.ResourceServerScope(scope_name=name, scope_description=f"Slipway: {name}") for name in SCOPES]
        server = self.pool.add_resource_server("Server", identifier=RESOURCE, scopes=scopes)
        self.pool.add_domain("Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=domain_prefix))
        self.login = self._login(settings.callback_urls, server, scopes[1:]) if settings.callback_urls else None
        acknowledge(self.pool, "AwsSolutions-COG3", PLUS_REASON)
        acknowledge(self.pool, "AwsSolutions-COG8", PLUS_REASON)

    def _login(
        self, urls: list[str], server: cognito.UserPoolResourceServer, scopes: list[cognito.ResourceServerScope]
    ) -> cognito.UserPoolClient:
        ours = [cognito.OAuthScope.resource_server(server, each) for each in scopes]
        return self.pool.add_client(
            "Login",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_srp=True),
            access_token_validity=cdk.Duration.hours(1),
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                callback_urls=urls,
                scopes=[cognito.OAuthScope.OPENID, *ours],
            ),
        )

    @property
    def names(self) -> dict[str, str]:
        """Return what others find the pool and its login by."""
        login = {"login-client-id": self.login.user_pool_client_id} if self.login else {}
        return {"user-pool-id": self.pool.user_pool_id, **login}


def users(stack: SlipwayStack) -> GatewayUsers:
    """Return the pool of an environment."""
    cognito_settings = stack.settings.gateway.access.cognito
    prefix = cognito_settings.domain_prefix or f"slipway-{stack.environment_name}-{stack.account}"
    return GatewayUsers(stack, "Users", settings=cognito_settings, domain_prefix=prefix, removal=stack.removal)
