"""Reads the dashboards of an environment, and the values of every metric on them.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

IN_A_ROW = 3
SEARCH_PERIOD = re.compile(r", \d+\)$")


@dataclass(frozen=True)
class Line:
    """One metric: `points` are seconds since 1970 and values, in order."""

    label: str
    points: list[tuple[float, float]]


@dataclass(frozen=True)
class Graph:
    """One widget. Units: places and sizes in cells of a grid with 24 columns."""

    title: str
    x: int
    y: int
    width: int
    height: int
    lines: list[Line] = field(default_factory=list)

    @property
    def has_data(self) -> bool:
        """Whether any metric has a value."""
        return any(line.points for line in self.lines)


@dataclass(frozen=True)
class Board:
    """One dashboard between two times, seconds since 1970."""

    name: str
    begin: float
    end: float
    graphs: list[Graph]

    def compact(self) -> Board:
        """Return the dashboard with those graphs alone that have data, three in a row."""
        kept = [graph for graph in self.graphs if graph.has_data]
        placed = [
            replace(graph, x=at % IN_A_ROW * graph.width, y=at // IN_A_ROW * graph.height)
            for at, graph in enumerate(kept)
        ]
        return replace(self, graphs=placed)


def read_boards(cloudwatch: Any, prefix: str, *, minutes: int, period_seconds: int) -> list[Board]:
    """Return the dashboards whose names begin with `prefix`, over the last minutes."""
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    pages = cloudwatch.get_paginator("list_dashboards").paginate(DashboardNamePrefix=prefix)
    names = sorted(entry["DashboardName"] for page in pages for entry in page["DashboardEntries"])
    return [_board(cloudwatch, name, end - timedelta(minutes=minutes), end, period_seconds) for name in names]


def _board(cloudwatch: Any, name: str, begin: datetime, end: datetime, period: int) -> Board:
    body = json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
    widgets = [widget for widget in body["widgets"] if widget["type"] == "metric"]
    queries = [query for at, widget in enumerate(widgets) for query in _queries(at, widget["properties"], period)]
    found: defaultdict[int, list[Line]] = defaultdict(list)
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=begin, EndTime=end, ScanBy="TimestampAscending"
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            times = [at.timestamp() for at in result["Timestamps"]]
            points = list(zip(times, result["Values"], strict=True))
            found[int(result["Id"][1:].partition("m")[0])].append(Line(result["Label"], points))
    graphs = [
        Graph(widget["properties"]["title"], widget["x"], widget["y"], widget["width"], widget["height"], found[at])
        for at, widget in enumerate(widgets)
    ]
    return Board(name, begin.timestamp(), end.timestamp(), graphs)


def _queries(at: int, properties: dict[str, Any], period: int) -> Iterator[dict[str, Any]]:
    rows = properties["metrics"]
    named = Counter(row[1] for row in rows if len(row) > 1)
    for number, row in enumerate(rows):
        query = {"Id": f"w{at}m{number}"}
        *path, last = row
        if "expression" in last:
            yield query | {"Expression": SEARCH_PERIOD.sub(f", {period})", last["expression"])}
            continue
        namespace, name, *pairs = path
        dimensions = [{"Name": pairs[i], "Value": pairs[i + 1]} for i in range(0, len(pairs), 2)]
        metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
        label = f"{name} {last['stat']}" if named[name] == 1 or not pairs else f"{pairs[-1]} {name} {last['stat']}"
        if named[name] > 1 and len({other[-2] for other in rows}) == 1:
            label = f"{name} {last['stat']}"
        yield query | {"Label": label, "MetricStat": {"Metric": metric, "Period": period, "Stat": last["stat"]}}
