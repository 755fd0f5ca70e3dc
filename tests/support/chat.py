"""Questions to the chat function, and the document that answers them."""

import json

from slipway_runtime.handlers import chat

GARDEN = """# Garden guide

## Tomatoes

Tomatoes need six hours of sun a day. Water them in the morning at the root.

## Compost

Turn the compost heap every two weeks so that air reaches the middle.
"""


def call(context, body, *, tenant: str = "acme", method: str = "POST") -> tuple[int, dict, dict]:
    event = {
        "httpMethod": method,
        "path": "/v1/chat/completions" if method == "POST" else "/v1/models",
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {"authorizer": {"tenant": tenant, "principalId": tenant}, "stage": "live"},
        "headers": {},
    }
    answer = chat.handler(event, context)
    assert answer["headers"]["content-type"] == "application/json"
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def ask(question: str, **changes) -> dict:
    return {"model": "default", "messages": [{"role": "user", "content": question}]} | changes
