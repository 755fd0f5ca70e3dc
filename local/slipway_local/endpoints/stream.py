"""The frames of InvokeEndpointWithResponseStream.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_ResponseStream.html
"""

import json

from slipway_local.functions.streaming_api import event_message


def part(piece: bytes) -> bytes:
    """Return a piece of the model's answer."""
    return event_message("PayloadPart", "application/octet-stream", piece)


def broken(message: str) -> bytes:
    """Return the exception that ends a stream whose model has failed."""
    from moto.core.eventstream import EventStreamEncoder

    headers = {":exception-type": "ModelStreamError", ":content-type": "application/json", ":message-type": "exception"}
    body = json.dumps({"Message": message, "ErrorCode": "StreamBroken"}).encode()
    return bytes(EventStreamEncoder().encode_message(headers, body))
