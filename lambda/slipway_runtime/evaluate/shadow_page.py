"""The comparison of a shadow as a page of HTML: one file that needs nothing else."""

from html import escape
from typing import Any

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "th,td{border:1px solid #ccc;padding:.4rem .6rem;text-align:left;vertical-align:top}"
    "td.n{text-align:right;white-space:nowrap}pre{white-space:pre-wrap;margin:0;font:inherit}"
)


def page(report: dict[str, Any]) -> str:
    """Return the page of a report."""
    agreement, length = report["agreement"], report["length_words"]
    low, high = length["interval_95"]
    told = [
        ("requests that both answered", report["pairs"], ""),
        ("of the shadow's alone", report["shadow_alone"], ""),
        ("the same answer", f"{agreement['identical_share']:.1%}", ""),
        ("mean similarity of words (F1)", f"{agreement['mean_similarity']:.3f}", ""),
        ("words more in the shadow's answers", f"{length['difference']:+g}", f"95 %: {low:+g} to {high:+g}"),
    ]
    rows = "".join(f"<tr><th>{what}<td class=n>{value}<td>{note}" for what, value, note in told)
    both = "".join(_row(name, report["requests"][name], length[name]) for name in ("main", "shadow"))
    worst = "".join(
        f"<tr><td class=n>{pair['similarity']:.2f}<td><pre>{escape(pair['prompt'])}</pre>"
        f"<td><pre>{escape(pair['main'])}</pre><td><pre>{escape(pair['shadow'])}</pre>"
        for pair in report["worst"]
    )
    title = f"Shadow of {escape(report['endpoint'])}"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
        f"<h1>{title}</h1><p>{escape(report['since'])} to {escape(report['until'])}<h2>Agreement</h2>"
        f"<table>{rows}</table><h2>Requests</h2><table><tr><th><th>requests<th>failed<th>error rate<th>mean seconds"
        f"<th>slowest<th>mean words{both}</table><h2>Worst differences</h2>"
        f"<table><tr><th>F1<th>asked<th>main<th>shadow{worst}</table></html>"
    )


def _row(name: str, found: dict[str, float], words: float) -> str:
    cells = (
        f"{found['requests']:g}",
        f"{found['failed']:g}",
        f"{found['error_rate']:.2%}",
        f"{found['mean_seconds']:.3f}",
        f"{found['slowest_seconds']:.3f}",
        f"{words:g}",
    )
    return f"<tr><th>{name}" + "".join(f"<td class=n>{cell}" for cell in cells)
