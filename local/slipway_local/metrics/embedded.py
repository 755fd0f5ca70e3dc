"""Metrics in log lines, in CloudWatch's embedded metric format.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
from typing import Any

from slipway_local.metrics.series import append, key_of, series

MARK = '"CloudWatchMetrics"'


def extract(account: str, region: str, line: str) -> None:
    """Add the metrics of a log line that has some; one that is malformed is told in the daemon's log, and left out."""
    if MARK not in line or not line.startswith("{"):
        return
    try:
        document = json.loads(line)
        at = float(document["_aws"]["Timestamp"]) / 1000
        for directive in document["_aws"]["CloudWatchMetrics"]:
            _add(account, region, directive, document, at)
    except (LookupError, TypeError, ValueError) as error:
        sys.stderr.write(f"metrics: a line in the embedded format is malformed ({type(error).__name__}: {error})\n")


def _add(account: str, region: str, directive: dict[str, Any], document: dict[str, Any], at: float) -> None:
    held = series(account, region)
    for names in directive["Dimensions"]:
        dimensions = {name: str(document[name]) for name in names}
        for metric in directive["Metrics"]:
            points = held.setdefault(key_of(directive["Namespace"], metric["Name"], dimensions), [])
            found = document[metric["Name"]]
            for value in found if isinstance(found, list) else [found]:
                append(points, at, float(value))
