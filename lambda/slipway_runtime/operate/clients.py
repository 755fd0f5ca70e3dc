"""Clients of AWS services, made when first used and kept for the life of the process.

They are botocore's own, which boto3 hands out too: what boto3 adds (resources, transfers of files) is used nowhere here
and is a fifth of what a function needs to start.
"""

import functools
from typing import Any

# Imported with the module although a client comes later: Lambda's init phase has a full CPU, an invocation may not.
# botocore.client is what the session imports for its first client.
import botocore.client
import botocore.session
from botocore.config import Config

# These services are retried by our own loops, which know the deadline of the invocation; the SDK's would come on top.
OWN_RETRIES = frozenset(("bedrock-agent-runtime", "bedrock-runtime", "kendra", "rds-data", "s3vectors", "textract"))

# A whole answer of a model may take as long as an exchange; who asks gives it up at a deadline of its own.
MODELS, MODEL_SECONDS = frozenset(("bedrock-runtime", "sagemaker-runtime")), 900


@functools.cache
def client(service: str, *, own_retries: bool = False) -> Any:
    """Return the client of an AWS service; endpoint, region and credentials come from the environment.

    `own_retries`: it tries once and not long, for callers that try again themselves until a deadline.
    """
    attempts = 1 if own_retries or service in OWN_RETRIES else 5
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=2 if own_retries else 5,
        read_timeout=5 if own_retries else MODEL_SECONDS if service in MODELS else 60,
        max_pool_connections=16,
    )
    return session().create_client(service, config=config)


@functools.cache
def session() -> Any:
    """Return what clients are made of: the models of services are read once, and credentials are renewed for all."""
    return botocore.session.get_session()
