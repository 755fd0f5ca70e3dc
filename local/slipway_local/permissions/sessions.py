"""Credentials of roles, and the session behind an access key: what STS's AssumeRole gives, kept where moto keeps it."""

from datetime import UTC
from typing import Any

from slipway_local.aws import Credentials
from slipway_local.permissions import emulated
from slipway_local.permissions.principals import RoleSession

BOOTSTRAP_TAG = "aws-cdk:bootstrap-role"  # of the roles that deploy: deployment is the administrator's work


class UnknownKeyError(LookupError):
    """An access key that belongs to no session and is not the administrator's."""


class Sessions:
    """The sessions by access key; `administrator` is the access key id that may do everything."""

    def __init__(self) -> None:
        self.administrator = ""
        self._functions: dict[str, str] = {}

    def open(self, role_arn: str, name: str, region: str, function_arn: str = "") -> Credentials:
        """Return new credentials of a role; they do not expire here."""
        from moto.sts.models import sts_backends

        _, partition, _, _, account, _ = role_arn.split(":", 5)
        session = sts_backends[account][partition].assume_role(
            region_name=region, role_session_name=name, role_arn=role_arn, policy="", duration=43_200, external_id=""
        )
        self._functions[session.access_key_id] = function_arn
        return Credentials(
            access_key_id=session.access_key_id,
            secret_access_key=session.secret_access_key,
            session_token=session.session_token,
        )

    def find(self, access_key_id: str, account: str, partition: str) -> RoleSession | None:
        """Return the session of an access key; None for the administrator and for the roles that deploy.

        Raises UnknownKeyError for a key that nobody has, or that a user of IAM has: users are not emulated.
        """
        from moto.sts.models import sts_backends

        found = sts_backends[account][partition].get_assumed_role_from_access_key(access_key_id)
        if access_key_id == self.administrator or (found and deploys(emulated.role(found.role_arn))):
            return None
        if found is None:
            raise UnknownKeyError(access_key_id)
        return RoleSession(
            role_arn=found.role_arn, arn=found.arn, account=account,
            function_arn=self._functions.get(access_key_id, ""),
            issued_at=found.access_key.create_date.replace(tzinfo=UTC).timestamp(),
        )  # fmt: skip


def deploys(role: Any) -> bool:
    """Return whether a role of moto's is one of the CDK bootstrap's."""
    return role is not None and any(tag["Key"] == BOOTSTRAP_TAG for tag in role.tags or ())
