"""Draws a dashboard: each graph in its place of the grid, with its axes, lines and legend."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

from slipway_cli.dashboards.canvas import Canvas, text_width
from slipway_cli.dashboards.read import Board, Graph, Line

CELL_WIDTH, CELL_HEIGHT, TOP = 40.0, 26.0, 34.0  # points
COLUMNS = 24
# Told apart also without colours: Okabe and Ito's palette.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
GREY, PALE, INK = "#8a8f98", "#e6e8eb", "#1b1f24"
LEFT, UPPER, LOWER = 40.0, 24.0, 34.0  # inside a graph
IN_LEGEND = 3


def draw(board: Board, path: Path) -> None:
    """Write the dashboard as a PNG."""
    rows = max((graph.y + graph.height for graph in board.graphs), default=1)
    canvas = Canvas(COLUMNS * CELL_WIDTH, rows * CELL_HEIGHT + TOP)
    canvas.box(0, 0, canvas.width, canvas.height, "#f6f7f9")
    canvas.text(10, 21, board.name, size=13, colour=INK, bold=True)
    span = f"{_clock(board.begin)} to {_clock(board.end)} UTC"
    canvas.text(canvas.width - 10 - text_width(span, 9), 21, span, size=9, colour=GREY)
    for graph in board.graphs:
        _graph(canvas, graph, board)
    canvas.save(path)


def _graph(canvas: Canvas, graph: Graph, board: Board) -> None:
    x, y = graph.x * CELL_WIDTH + 4, graph.y * CELL_HEIGHT + TOP + 2
    width, height = graph.width * CELL_WIDTH - 8, graph.height * CELL_HEIGHT - 6
    canvas.box(x, y, width, height, "#ffffff", PALE)
    canvas.text(x + 8, y + 14, _fitting(graph.title, 8, width - 16), size=8, colour=INK, bold=True)
    left, right, upper, lower = x + LEFT, x + width - 10, y + UPPER, y + height - LOWER
    drawn = [line for line in graph.lines if line.points]
    if not drawn:
        canvas.text(x + width / 2 - 16, (upper + lower) / 2, "no data", size=8, colour=GREY)
        return
    most = nice(max(value for line in drawn for _, value in line.points))
    for share in (0.0, 0.5, 1.0):
        height_at = lower - share * (lower - upper)
        canvas.line([(left, height_at), (right, height_at)], PALE, 0.6)
        shown = short(most * share)
        canvas.text(left - 4 - text_width(shown, 6.5), height_at + 2, shown, size=6.5, colour=GREY)
    canvas.text(left, lower + 10, _clock(board.begin), size=6.5, colour=GREY)
    canvas.text(right - text_width("00:00", 6.5), lower + 10, _clock(board.end), size=6.5, colour=GREY)
    scale = (right - left) / (board.end - board.begin)
    for at, line in enumerate(drawn):
        colour = COLOURS[at % len(COLOURS)]
        places = [
            (left + max(time - board.begin, 0) * scale, lower - value / most * (lower - upper))
            for time, value in line.points
        ]
        canvas.line(places, colour)
        for place_x, place_y in places:
            canvas.box(place_x - 1.3, place_y - 1.3, 2.6, 2.6, colour)
    _legend(canvas, drawn, x + 8, y + height - 8, width - 16)


def _legend(canvas: Canvas, lines: list[Line], x: float, y: float, width: float) -> None:
    shown = lines[:IN_LEGEND]
    more = f"+{len(lines) - len(shown)}" if len(lines) > len(shown) else ""
    each = (width - (14 if more else 0)) / len(shown)
    for at, line in enumerate(shown):
        canvas.box(x + at * each, y - 5, 5, 5, COLOURS[at % len(COLOURS)])
        canvas.text(x + at * each + 8, y, _fitting(line.label, 6.5, each - 12), size=6.5)
    if more:
        canvas.text(x + width - 12, y, more, size=6.5, colour=GREY)


def nice(value: float) -> float:
    """Return the end of an axis for values up to this one: 1, 2 or 5 times a power of ten; 1 for none."""
    if value <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if value <= step * power * (1 + 1e-9))


def short(value: float) -> str:
    """Return a number in few letters: 1.5k, 20M, 0.002."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:g}{unit}"
    return f"{value:.3g}"


def _fitting(text: str, size: float, width: float) -> str:
    while text and text_width(text, size) > width:
        text = text[:-2].rstrip() + "…" if not text.endswith("…") else text[:-2] + "…"
    return text


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M")
