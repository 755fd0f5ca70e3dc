"""boto3 clients, made when first used and kept for the life of the process."""

import functools
from typing import Any

# Imported with the module although a client comes later: Lambda's init phase has a full CPU, an invocation may not.
import boto3
from botocore.config import Config

# These services are retried by our own loops, which know the deadline of the invocation; the SDK's would come on top.
OWN_RETRIES = frozenset(("bedrock-agent-runtime", "bedrock-runtime", "kendra", "rds-data", "s3vectors", "textract"))


@functools.cache
def client(service: str) -> Any:
    """Return the client of an AWS service; endpoint, region and credentials come from the environment."""
    attempts = 1 if service in OWN_RETRIES else 5
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=16,
    )
    make: Any = boto3.client  # its overloads list every service by a literal name
    return make(service, config=config)
