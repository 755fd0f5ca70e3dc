"""What invocations of functions become in CloudWatch.

Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from slipway_local.aws_json import ServiceError
from slipway_local.functions.invocation import Invocation
from slipway_local.metrics.series import report_of

NAMESPACE = "AWS/Lambda"


@contextlib.contextmanager
def invocation_reported(record: Any) -> Iterator[list[Invocation]]:
    """Report an invocation, which is put into the list when it has ended; one that never ends in it has failed."""
    began, told = time.monotonic(), list[Invocation]()
    try:
        yield told
    finally:
        values = {
            "Invocations": 1.0,
            "Errors": float(not told or told[0].failed),
            "Duration": (time.monotonic() - began) * 1000,
        }
        report_of(record.function_arn, NAMESPACE, {"FunctionName": record.function_name}, values)


@contextlib.contextmanager
def throttles_reported(callee: Any) -> Iterator[None]:
    """Report an invocation that is refused for want of concurrency."""
    try:
        yield
    except ServiceError as error:
        if error.status == 429:
            report_of(callee.record.function_arn, NAMESPACE, {"FunctionName": callee.name}, {"Throttles": 1.0})
        raise
