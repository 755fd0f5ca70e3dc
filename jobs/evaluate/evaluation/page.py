"""report.html: one file without scripts, fonts or links, for a person who decides."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from slipway_runtime.evaluate.bootstrap import Estimate
from slipway_runtime.evaluate.chart import bars

STYLE = """body{font:15px/1.5 sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left;
vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}pre{white-space:pre-wrap;margin:0;
max-width:30em}.good{color:#00664a}.bad{color:#a33c00}svg{max-width:100%;height:auto}"""
PLOTTED_AT_ONCE = 6


def page(report: Mapping[str, Any]) -> str:
    """Return the page of a report."""
    name = escape(report["model"])
    parts = [
        f"<h1>Evaluation of {name}</h1><p>{len(report['items'])} items, SHA-256 {report['data_sha256'][:16]}…</p>",
        "<h2>Metrics</h2>",
        *_plots(report),
        _table(["metric", "value", "items", "how it was taken"], map(_metric, report["metrics"].items())),
        *([_skipped(report["skipped"])] if report["skipped"] else []),
        *_production(report),
        *_judge(report.get("judge")),
        "<h2>Slices</h2><p>Means of the items' scores with 95 % intervals.</p>",
        _slices(report["slices"]),
        *([_confusion(report["confusion"])] if report["confusion"] else []),
        "<h2>Worst examples</h2>",
        _table(["id", "asked", "answered", "expected", "scores"], map(_example, report["worst"])),
    ]
    body = "\n".join(parts)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Evaluation of {name}</title>'
        f"<style>{STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _plots(report: Mapping[str, Any]) -> list[str]:
    tops = {name: about["top"] for name, about in report["metrics"].items() if about["top"]}
    groups: dict[str, dict[str, Estimate]] = {}
    for name, top in tops.items():
        series = {each: values[name] for each, values in report["slices"].items() if name in values}
        if series:
            label = name if top == 1 else f"{name} / {top:g}"
            groups[label] = {each: _estimate(found, top) for each, found in list(series.items())[:4]}
    names = list(groups)
    return [
        bars("Mean of the items' scores, by slice", {name: groups[name] for name in names[at : at + PLOTTED_AT_ONCE]})
        for at in range(0, len(names), PLOTTED_AT_ONCE)
    ]


def _estimate(found: Mapping[str, Any], top: float) -> Estimate:
    return Estimate(found["mean"] / top, found["low"] / top, found["high"] / top, found["count"])


def _metric(entry: tuple[str, Mapping[str, Any]]) -> list[str]:
    name, about = entry
    return [escape(name), _number(about["value"]), str(about["items"]), escape(about["signature"])]


def _skipped(skipped: Iterable[Mapping[str, str]]) -> str:
    lines = "".join(f"<li>{escape(each['name'])}: {escape(each['reason'])}</li>" for each in skipped)
    return f"<p>Not taken:</p><ul>{lines}</ul>"


def _production(report: Mapping[str, Any]) -> list[str]:
    old = report["production"]
    if not old:
        return ["<p>No report of a model in production was given.</p>"]
    rows = []
    for name, found in old["differences"].items():
        better = found["mean"] > 0 if report["metrics"][name]["higher_is_better"] else found["mean"] < 0
        sure = found["low"] > 0 or found["high"] < 0
        word = ("better" if better else "worse") if sure else "not told apart"
        kind = {"better": "good", "worse": "bad"}.get(word, "")
        shown = f"{found['mean']:+.4f} [{found['low']:.4f}, {found['high']:.4f}]"
        rows.append([escape(name), _number(found["value"]), shown, f'<span class="{kind}">{word}</span>'])
    warning = "" if old["same_items"] else '<p class="bad">The two models were not evaluated on the same items.</p>'
    head = f"<h2>Difference to {escape(old['model'])}, in production</h2>{warning}"
    return [head, _table(["metric", "in production", "mean difference of items", ""], rows)]


def _judge(judge: Mapping[str, Any] | None) -> list[str]:
    if not judge:
        return []
    found, people = judge["summary"], judge["calibration"]
    told = (
        f"{found['wins']} won, {found['ties']} tied, {found['losses']} lost of {found['pairs']}; win rate "
        f"{found['win_rate']['mean']:.3f} [{found['win_rate']['low']:.3f}, {found['win_rate']['high']:.3f}]; "
        f"{found['consistency']:.0%} the same in both places."
    )
    trust = "No labels of people were given: how far it may be believed is not known."
    if people:
        trust = (
            f"Beside people, on {people['pairs']} pairs: agreement {people['agreement']:.0%}, Cohen's kappa "
            f"{people['cohen_kappa']:.2f}, Krippendorff's alpha {people['krippendorff_alpha']:.2f}."
        )
    return [f"<h2>Compared by {escape(judge['model'])}</h2><p>{told}</p><p>{trust}</p>"]


def _slices(slices: Mapping[str, Mapping[str, Any]]) -> str:
    metrics = list(dict.fromkeys(name for values in slices.values() for name in values))
    rows = []
    for name, values in slices.items():
        cells = [
            f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}], n = {found['count']}"
            if (found := values.get(metric))
            else "–"
            for metric in metrics
        ]
        rows.append([escape(name), *cells])
    return _table(["slice", *metrics], rows)


def _confusion(confusion: Mapping[str, Any]) -> str:
    labels = list(map(escape, confusion["labels"]))
    rows = [[label, *map(str, counts)] for label, counts in zip(labels, confusion["counts"], strict=True)]
    return "<h2>Confusion</h2><p>Rows: right labels; columns: answers.</p>" + _table(["", *labels], rows)


def _example(example: Mapping[str, Any]) -> list[str]:
    scores = ", ".join(f"{name} {value:.3f}" for name, value in example["scores"].items())
    texts = [f"<pre>{escape(str(example[name]))}</pre>" for name in ("asked", "answer", "expected")]
    errors = "".join(f"<br>{escape(each)}" for each in example["errors"][:1] if each)
    return [escape(example["id"]), *texts, f"{escape(scores)}{errors}"]


def _number(value: float) -> str:
    return f"{value:.4f}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{name}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<table><tr>{top}</tr>\n{body}</table>"
