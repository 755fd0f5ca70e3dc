"""A bar chart as one SVG file, without scripts, fonts or links: it opens anywhere and needs no library."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

from slipway_runtime.evaluate.bootstrap import Estimate

# Told apart also without colours: Okabe and Ito's palette.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 760, 340, 46, 48, 46


def bars(title: str, groups: Mapping[str, Mapping[str, Estimate]]) -> str:
    """Return a chart of `groups` (metric → series → estimate, 0 to 1): a bar for each mean, a whisker its interval."""
    series = list(dict.fromkeys(name for group in groups.values() for name in group))
    parts = [_text(LEFT, 22, title, size=16, weight="bold"), *_axis(), *_legend(series)]
    step = (WIDTH - LEFT - 12) / max(1, len(groups))
    width = step * 0.8 / max(1, len(series))
    for index, (label, group) in enumerate(groups.items()):
        begin = LEFT + step * (index + 0.1)
        parts.append(_text(begin + step * 0.4, HEIGHT - BOTTOM + 18, label, anchor="middle"))
        for name, found in group.items():
            place = series.index(name)
            parts += _bar(begin + width * place, width, found, COLOURS[place % len(COLOURS)], f"{label}, {name}")
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" role="img"><title>{escape(title)}</title>\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _y(value: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(1.0, max(0.0, value)))


def _axis() -> list[str]:
    lines = []
    for fifth in range(6):
        value, y = fifth / 5, _y(fifth / 5)
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - 12}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d8d8d8"/>')
        lines.append(_text(LEFT - 6, y + 4, f"{value:.1f}", anchor="end"))
    return lines


def _legend(series: list[str]) -> list[str]:
    parts = []
    for index, name in enumerate(series):
        x = WIDTH - 12 - 110 * (len(series) - index)
        parts.append(f'<rect x="{x}" y="28" width="12" height="12" fill="{COLOURS[index % len(COLOURS)]}"/>')
        parts.append(_text(x + 17, 39, name))
    return parts


def _bar(x: float, width: float, found: Estimate, colour: str, label: str) -> list[str]:
    top, base, middle = _y(found.mean), _y(0), x + width / 2
    told = escape(f"{label}: {found.mean:.3f} [{found.low:.3f}, {found.high:.3f}], n = {found.count}")
    return [
        f'<rect x="{x:.1f}" y="{top:.1f}" width="{width * 0.92:.1f}" height="{base - top:.1f}" fill="{colour}">'
        f"<title>{told}</title></rect>",
        f'<path d="M{middle:.1f} {_y(found.low):.1f}V{_y(found.high):.1f}" stroke="#222222" stroke-width="1.5"/>',
    ]


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="#222222">{escape(text)}</text>'
    )
