"""A dashboard of graphs in rows.

Creates: a dashboard.   Grants: none.
Units: the grid has 24 columns; a graph takes 8 of them, so that a row holds three, and what is left goes on below.
Source: CloudWatch API reference, "Dashboard body structure and syntax".
"""

from collections.abc import Iterator, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from slipway_constructs.monitoring import PERIOD_SECONDS, Graphs

WIDTH, HEIGHT, IN_A_ROW = 8, 6, 3


class Dashboard(Construct):
    """The dashboard `name`, with at least one new row for each of `rows`."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, rows: Sequence[Graphs]) -> None:
        super().__init__(scope, construct_id)
        body = cdk.Stack.of(self).to_json_string({"widgets": list(_widgets(rows))})
        cloudwatch.CfnDashboard(self, "Resource", dashboard_name=name, dashboard_body=body)


def _widgets(rows: Sequence[Graphs]) -> Iterator[dict[str, Any]]:
    top = 0
    for graphs in rows:
        for at, (title, metrics) in enumerate(graphs.items()):
            line, column = divmod(at, IN_A_ROW)
            yield {
                "type": "metric",
                **{"width": WIDTH, "height": HEIGHT, "x": column * WIDTH, "y": (top + line) * HEIGHT},
                "properties": {
                    "view": "timeSeries",
                    "title": title,
                    "region": cdk.Aws.REGION,
                    "period": PERIOD_SECONDS,
                    "metrics": [metric.row() for metric in metrics],
                    "yAxis": {"left": {"min": 0}},
                },
            }
        top += -(-len(graphs) // IN_A_ROW)
