"""Retires versions that nobody uses: each day, if the settings say after how long, and when somebody asks."""

from typing import Any

import msgspec

from slipway_runtime import settings
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.deploy.deployments import Deployments
from slipway_runtime.operate.deploy.plan import read_plan
from slipway_runtime.operate.deploy.retire import Retirement
from slipway_runtime.operate.observability import logger, observed


class Asked(msgspec.Struct):
    """`days`: unused for; None: as the settings say.   `versions`: GROUP/NUMBER; empty: all."""

    by: str
    days: int | None = None
    versions: list[str] = []
    dry_run: bool = False


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Retire, or with dry_run only say what would be."""
    asked = msgspec.convert(event, Asked)
    days = int(settings.required("RETIRE_AFTER_DAYS")) if asked.days is None else asked.days
    environment, ssm = settings.required("SLIPWAY_ENVIRONMENT"), client("ssm")
    retirement = Retirement(
        sagemaker=client("sagemaker"),
        s3=client("s3"),
        cloudwatch=client("cloudwatch"),
        deployments=Deployments(
            client=client("dynamodb"), states=client("stepfunctions"), table=settings.required("DEPLOYMENTS_TABLE")
        ),
        plans={name: read_plan(ssm, environment, name) for name in settings.required("ENDPOINTS").split(",")},
        bucket=settings.required("ARTIFACTS_BUCKET"),
        audit_table=settings.required("AUDIT_TABLE"),
    )
    found = retirement.retire(days, asked.versions, by=asked.by, dry_run=asked.dry_run)
    logger.info("retired", extra={"versions": found["retired"], "idle": found["idle"], "dry_run": asked.dry_run})
    return found
