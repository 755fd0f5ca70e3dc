"""The gateway's function in this process, with the stub in place of AWS."""

import json
import os
from dataclasses import dataclass
from typing import Any

BEDROCK = "amazon.nova-2-lite-v1:0"


@dataclass
class Context:
    """What Lambda passes beside the event."""

    function_name: str = "chat"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:chat"
    aws_request_id: str = "request"

    def get_remaining_time_in_millis(self) -> int:
        """Return plenty."""
        return 60_000


def prepare(stub_url: str) -> None:
    """Point everything at the stub, and put a routing table with one route of each kind where the function looks."""
    os.environ |= {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_ENDPOINT_URL": stub_url,
        "POWERTOOLS_SERVICE_NAME": "chat",
        "POWERTOOLS_METRICS_NAMESPACE": "Slipway",
        "ROUTES_PARAMETER": "/routes",
    }
    # They read the environment, so not before it is set.
    from slipway_runtime.generate.routes.stored import StoredTable  # noqa: PLC0415
    from slipway_runtime.handlers import chat  # noqa: PLC0415

    counted = {"routes": [{"openai": {"url": f"{stub_url}/v1", "model": "tiny"}}]}
    text = json.dumps({"counted": counted, "bedrock": {"routes": [{"bedrock": BEDROCK}]}})

    class Parameters:
        def get_parameter(self, **_: Any) -> Any:
            return {"Parameter": {"Value": text}}

    table = StoredTable(ssm=Parameters(), name="/routes")
    chat._table = lambda: table


def body(alias: str) -> str:
    """Return the body of a request of ordinary size."""
    said = "How long does the lamp burn, and what does it cost? " * 8
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": said}]
    return json.dumps({"model": alias, "messages": messages, "max_tokens": 100, "temperature": 0, "user": "u1"})


def call(alias: str, text: str = "") -> Any:
    """Return the function's answer to one request."""
    from slipway_runtime.handlers import chat  # noqa: PLC0415

    event = {
        "httpMethod": "POST",
        "path": "/v1/chat/completions",
        "body": text or body(alias),
        "requestContext": {"authorizer": {"tenant": "default"}},
    }
    return chat.handler(event, Context())
