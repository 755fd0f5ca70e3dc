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
    """What a session signs its requests with."""

    access_key_id: str
    secret_access_key: str
    session_token: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """One account and region of this cloud."""

    endpoint_url: str
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    _clients: dict[tuple[str, str, str], Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: Any = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def partition(self) -> str:
        """Return the partition of the region."""
        return partition_of(self.region)

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """Return a boto3 client of a service, made once for each of the credentials: this cloud's own, or a role's.

        It sends what it is given: moto checks it.
        """
        import boto3  # half a second, which `status` and `down` need not wait for
        from botocore.config import Config

        keys = (credentials.access_key_id, credentials.secret_access_key) if credentials else ("local", "local")
        token = credentials.session_token if credentials else None
        with self._lock:
            if (service, *keys) not in self._clients:
                session: Any = boto3.Session(*keys, token, region_name=self.region)
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
                made = session.client(service, endpoint_url=self.endpoint_url, config=config)
                self._clients[service, *keys] = made
            return self._clients[service, *keys]

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a regional resource."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"
