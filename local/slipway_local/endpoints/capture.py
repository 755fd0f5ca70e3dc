"""Data capture: requests and answers as lines of JSON in S3, below endpoint, variant, date and hour.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import base64
import json
import random
import sys
import traceback
import uuid
from datetime import UTC, datetime
from typing import Any

from slipway_local.aws import Place
from slipway_local.permissions.enforcement import enforcement

MODES = {"Input": ("endpointInput", "INPUT"), "Output": ("endpointOutput", "OUTPUT")}


def wanted(config: dict[str, Any]) -> bool:
    """Return whether this request is one of those that are kept."""
    capture = config.get("DataCaptureConfig") or {}
    if not capture.get("EnableCapture"):
        return False
    return random.random() * 100 < float(capture["InitialSamplingPercentage"])  # noqa: S311 - a sample


def keep(
    place: Place, config: dict[str, Any], role: str, about: tuple[str, str], inference_id: str,
    bodies: dict[str, tuple[str, bytes]],
) -> None:  # fmt: skip
    """Write one request. `about`: endpoint and variant; `bodies`: content type and bytes of Input and Output."""
    capture, now = config["DataCaptureConfig"], datetime.now(UTC)
    told = capture.get("CaptureContentTypeHeader") or {}
    modes = [option["CaptureMode"] for option in capture["CaptureOptions"]]
    both = [mode for one in modes for mode in (("Input", "Output") if one == "InputAndOutput" else (one,))]
    data = {MODES[mode][0]: _side(MODES[mode][1], *bodies[mode], told) for mode in both}
    stamp = {"eventId": str(uuid.uuid4()), "inferenceTime": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
    metadata = stamp | ({"inferenceId": inference_id} if inference_id else {})
    line = json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"})
    bucket, _, prefix = capture["DestinationS3Uri"].removeprefix("s3://").partition("/")
    parts = [prefix.strip("/"), *about, now.strftime("%Y/%m/%d/%H"), f"{now:%M-%S-%f}-{uuid.uuid4()}.jsonl"]
    key = "/".join(part for part in parts if part)
    try:
        s3 = place.client("s3", enforcement.sessions.open(role, "SageMaker", place.region))
        s3.put_object(Bucket=bucket, Key=key, Body=f"{line}\n".encode())
    except Exception:  # the answer does not wait for it, and does not fail with it
        traceback.print_exc(file=sys.stderr)


def _side(mode: str, content_type: str, body: bytes, told: dict[str, Any]) -> dict[str, str]:
    if content_type in (told.get("JsonContentTypes") or ()):
        encoding, data = "JSON", body.decode("utf-8", errors="replace")
    elif content_type in (told.get("CsvContentTypes") or ()):
        encoding, data = "CSV", body.decode("utf-8", errors="replace")
    else:
        encoding, data = "BASE64", base64.b64encode(body).decode()
    return {"observedContentType": content_type, "mode": mode, "data": data, "encoding": encoding}
