"""Where this cloud is (account, region, address), and boto3 clients for it."""

import threading
from dataclasses import dataclass, field
from typing import Any

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"


def partition_of(region: str) -> str:
    """Return the AWS partition of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


@dataclass(frozen=True, kw_only=True)
class Place:
    """One account and region of this cloud."""

    endpoint_url: str
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: Any = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def partition(self) -> str:
        """Return the partition of the region."""
        return partition_of(self.region)

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service, made once. It sends what it is given: moto checks it."""
        import boto3  # half a second, which `status` and `down` need not wait for
        from botocore.config import Config

        with self._lock:
            if service not in self._clients:
                session: Any = boto3.Session("local", "local", region_name=self.region)
                config = Config(
                    parameter_validation=False,
                    retries={"total_max_attempts": 1},
                    read_timeout=900,
                    s3={"addressing_style": "path"},
                    inject_host_prefix=False,  # StartSyncExecution would ask `sync-localhost`
                    request_checksum_calculation="when_required",
                    max_pool_connections=20,
                )
                self._clients[service] = session.client(service, endpoint_url=self.endpoint_url, config=config)
            return self._clients[service]

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a regional resource."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"
