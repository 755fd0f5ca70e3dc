"""The gate of a promotion: reads the reports of candidate and production, returns and stores the decision."""

from typing import Any

import msgspec

from slipway_runtime.evaluate.gate.decide import decide
from slipway_runtime.evaluate.gate.policy import Policy
from slipway_runtime.evaluate.gate.scores import GateRefusedError, Report, read
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.observability import logger, observed

SCHEME = "s3://"


class Asked(msgspec.Struct):
    """S3 URIs of two reports and of where the decision goes; `production` is empty for a first model."""

    candidate: str
    decision: str
    policy: Policy
    production: str | None = None


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the decision.

    Raises: GateRefusedError for reports that cannot be compared, msgspec.ValidationError for a wrong policy, the errors
    of S3.
    """
    asked = msgspec.convert(event, Asked)
    production = _report(asked.production) if asked.production else None
    decision = decide(_report(asked.candidate), production, asked.policy)
    bucket, key = _place(asked.decision)
    body = msgspec.json.encode(decision)
    client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    logger.info("gate decided", extra={"promote": decision.promote, "reasons": decision.reasons})
    found: dict[str, Any] = msgspec.to_builtins(decision)
    return found


def _report(uri: str) -> Report:
    bucket, key = _place(uri)
    return read(client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


def _place(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix(SCHEME).partition("/")
    if not uri.startswith(SCHEME) or not bucket or not key:
        raise GateRefusedError(f"expected s3://BUCKET/KEY, got {uri!r}")
    return bucket, key
