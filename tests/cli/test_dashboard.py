"""`slipway dashboard`: what CloudWatch holds becomes pictures."""

import json
import struct
import time
import zlib
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from slipway_cli.dashboards.canvas import Canvas, text_width
from slipway_cli.dashboards.draw import draw, nice, short
from slipway_cli.dashboards.read import Board, Graph, Line, read_boards
from slipway_local.metrics import cloudwatch
from slipway_local.metrics.series import report

pytestmark = pytest.mark.capability("O1")
WIDGET = {"type": "metric", "width": 8, "height": 6, "x": 0, "y": 0}
NOW = 1_800_000_000.0


def pixels(path: Path) -> tuple[int, int, bytes]:
    """Return width, height and the RGB bytes of a PNG, by its specification: https://www.w3.org/TR/png/"""
    data, at, body, size = path.read_bytes(), 8, b"", (0, 0)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, chunk = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + chunk)
        size = struct.unpack(">II", chunk[:8]) if kind == b"IHDR" else size
        body += chunk if kind == b"IDAT" else b""
        at += 12 + length
    width, height = size
    rows = zlib.decompress(body)
    return width, height, b"".join(rows[y * (3 * width + 1) + 1 : (y + 1) * (3 * width + 1)] for y in range(height))


def test_what_is_drawn_is_where_it_belongs(tmp_path: Path) -> None:
    canvas = Canvas(40, 20)
    canvas.box(0, 0, 40, 20, "#ffffff")
    canvas.box(10, 5, 10, 10, "#0072b2")
    canvas.text(22, 14, "(a) \\ é", size=6)
    canvas.save(tmp_path / "a.png")

    width, height, data = pixels(tmp_path / "a.png")

    def at(x: float, y: float) -> bytes:
        place = 3 * (int(y * 2) * width + int(x * 2))
        return data[place : place + 3]

    assert (width, height) == (80, 40)
    assert at(15, 10) == bytes.fromhex("0072b2")
    assert at(5, 10) == at(15, 2) == b"\xff\xff\xff"
    assert any(data[3 * i] < 128 for i in range(22 * 2, width) for i in range(i, len(data) // 3, width)), "letters"


def test_a_dashboard_is_drawn_with_its_lines_and_says_where_there_is_no_data(tmp_path: Path) -> None:
    full = Graph("Full", 0, 0, 8, 6, [Line("a", [(NOW + at, float(at)) for at in range(0, 60, 10)])])
    empty = Graph("Empty", 8, 0, 8, 6, [Line("b", [])])

    draw(Board("b", NOW, NOW + 60, [full, empty]), tmp_path / "b.png")
    draw(Board("b", NOW, NOW + 60, [empty, full]).compact(), tmp_path / "c.png")

    width, _, data = pixels(tmp_path / "b.png")
    blue = [at for at in range(0, len(data), 3) if data[at : at + 3] == bytes.fromhex("0072b2")]
    assert blue and all(at // 3 % width < 640 for at in blue), "the line and its legend are in their own graph"
    assert pixels(tmp_path / "c.png")[2].count(bytes.fromhex("0072b2")) > 0


def test_dashboards_are_read_with_metrics_searches_and_only_of_the_environment() -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html"""
    search = """SEARCH('{N,env,tenant} MetricName="Cost" env="dev"', 'Sum', 300)"""
    rows = [["N", "Calls", "f", "x", {"stat": "Sum"}], ["N", "Calls", "f", "y", {"stat": "Sum"}]]
    widgets = [
        WIDGET | {"properties": {"title": "Calls", "metrics": rows}},
        WIDGET | {"x": 8, "properties": {"title": "Cost", "metrics": [[{"expression": search}]]}},
        {"type": "text", **{"width": 8, "height": 6, "x": 16, "y": 0}, "properties": {"markdown": "hi"}},
    ]
    with mock_aws():
        cloudwatch.install()
        client = boto3.client("cloudwatch", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        for name in ("slipway-dev-platform", "slipway-prod-platform"):
            client.put_dashboard(DashboardName=name, DashboardBody=json.dumps({"widgets": widgets}))
        report("123456789012", "us-east-1", "N", {"f": "y"}, {"Calls": 3.0})
        for tenant in ("a", "b"):
            report("123456789012", "us-east-1", "N", {"env": "dev", "tenant": tenant}, {"Cost": 0.5})

        (board,) = read_boards(client, "slipway-dev-", minutes=5, period_seconds=60)

    calls, cost = board.graphs
    assert [(line.label, [value for _, value in line.points]) for line in calls.lines] == [
        ("x Calls Sum", []),
        ("y Calls Sum", [3.0]),
    ]
    assert [line.label for line in cost.lines] == ["a", "b"]
    assert board.begin < time.time() < board.end + 2
    assert calls.has_data and len(board.compact().graphs) == 2


@pytest.mark.parametrize(("value", "end"), [(0, 1), (0.3, 0.5), (1, 1), (1.1, 2), (45, 50), (99, 100), (5001, 10000)])
def test_an_axis_ends_at_a_round_number(value: float, end: float) -> None:
    assert nice(value) == pytest.approx(end)


def test_numbers_are_short() -> None:
    assert [short(value) for value in (0, 0.002, 12, 1500, 2e7)] == ["0", "0.002", "12", "1.5k", "20M"]
    assert text_width("00", 10) == pytest.approx(11.12)
