"""Where this cloud is (account, region, address), and boto3 clients for it."""

import threading
from dataclasses import dataclass, field
from typing import Any

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"
OWN_CALLS = "slipway-local-cloud"  # in the user agent of the calls that the daemon makes itself


def partition_of(region: str) -> str:
    """Return the AWS partition of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a session signs its requests with; the administrator has no session token."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""


ANYBODY = Credentials(access_key_id="local", secret_access_key="local")  # noqa: S106 - while nothing is enforced


@dataclass(frozen=True, kw_only=True)
class Place:
    """One account and region of this cloud, and who its own calls are made by."""

    endpoint_url: str
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    administrator: Credentials = field(default=ANYBODY, repr=False)
    _sessions: list[Any] = field(default_factory=list, repr=False, compare=False)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: Any = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def partition(self) -> str:
        """Return the partition of the region."""
        return partition_of(self.region)

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """Return a boto3 client of a service, made once for each of the credentials: the administrator's, or a role's.

        It sends what it is given: moto checks it.
        """
        import boto3  # half a second, which `status` and `down` need not wait for
        from botocore.config import Config

        signer = credentials or self.administrator
        known = (service, signer.access_key_id)
        with self._lock:
            if not self._sessions:
                self._sessions.append(boto3.Session(region_name=self.region))  # one: each reads the models for itself
            if known not in self._clients:
                config = Config(
                    parameter_validation=False,
                    retries={"total_max_attempts": 1},
                    user_agent_extra=None if credentials else OWN_CALLS,
                    read_timeout=900,
                    s3={"addressing_style": "path"},
                    inject_host_prefix=False,  # StartSyncExecution would ask `sync-localhost`
                    request_checksum_calculation="when_required",
                    max_pool_connections=20,
                )
                self._clients[known] = self._sessions[0].client(
                    service, endpoint_url=self.endpoint_url, config=config,
                    aws_access_key_id=signer.access_key_id, aws_secret_access_key=signer.secret_access_key,
                    aws_session_token=signer.session_token or None,
                )  # fmt: skip
            return self._clients[known]

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a regional resource."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"
