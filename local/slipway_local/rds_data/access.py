"""Who may use which cluster: its ARN, the secret's credentials, and whether the cluster is awake.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.troubleshooting.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from ..aws_json import ServiceError
from ..postgres import Cluster, Postgres
from ..postgres_pool import Lease
from .errors import from_connection_failure


class Access:
    """Turns a resource ARN and a secret ARN into a connection; see RdsDataApi for `secrets` and `enabled`."""

    def __init__(
        self,
        postgres: Postgres,
        secrets: Callable[[str], Mapping[str, Any]],
        enabled: Callable[[str], bool],
        *,
        statement_timeout_ms: int,
    ) -> None:
        self._postgres = postgres
        self._secrets = secrets
        self._enabled = enabled
        self._statement_timeout_ms = statement_timeout_ms
        self._resume_seconds: dict[str, float] = {}  # asleep: how long waking takes
        self._awake_at: dict[str, float] = {}  # waking: when it is done

    def pause(self, resource_arn: str, seconds: float) -> None:
        """Let the cluster sleep until a call wakes it, which takes `seconds`."""
        self._awake_at.pop(resource_arn, None)
        self._resume_seconds[resource_arn] = seconds

    def check(self, resource_arn: str, secret_arn: str) -> tuple[Cluster, str, str]:
        """Return the cluster, user name and password. Raises: ServiceError in the service's words."""
        cluster = self._postgres.find(resource_arn)
        if cluster is None or not self._enabled(resource_arn):
            identifier = resource_arn.rsplit(":", 1)[-1]
            raise ServiceError(
                "HttpEndpointNotEnabledException", f"HttpEndpoint isn't enabled for cluster {identifier}"
            )
        try:
            secret = self._secrets(secret_arn)
        except LookupError as error:
            raise ServiceError("SecretsErrorException", f"The secret {secret_arn} wasn't found.") from error
        username, password = secret.get("username"), secret.get("password")
        if not isinstance(username, str) or not isinstance(password, str):
            raise ServiceError("InvalidSecretException", "The secret must hold the keys username and password.")
        self._check_awake(resource_arn)
        return cluster, username, password

    def lease(self, resource_arn: str, secret_arn: str, database: str) -> Lease:
        """Return a connection with the statement timeout set. Raises: ServiceError."""
        cluster, username, password = self.check(resource_arn, secret_arn)
        try:
            return self._postgres.lease(
                cluster,
                username=username,
                password=password,
                database=database,
                statement_timeout_ms=self._statement_timeout_ms,
            )
        except psycopg.OperationalError as error:
            raise from_connection_failure(str(error)) from error

    def _check_awake(self, resource_arn: str) -> None:
        if resource_arn in self._resume_seconds:
            self._awake_at[resource_arn] = time.monotonic() + self._resume_seconds.pop(resource_arn)
        if time.monotonic() < self._awake_at.get(resource_arn, 0):
            message = (
                f"The Aurora DB instance {resource_arn} is resuming after being auto-paused. "
                "Please wait a few seconds and try again."
            )
            raise ServiceError("DatabaseResumingException", message)
