"""The report of a run as Markdown, with its charts beside it."""

import re
from collections.abc import Iterable, Sequence

from slipway_runtime.evaluate.bootstrap import Estimate
from slipway_runtime.evaluate.chart import bars
from slipway_runtime.evaluate.rows import ANSWER_METRICS, RANKING_METRICS, Row
from slipway_runtime.evaluate.summary import Summary

SPECIAL = re.compile(r"([\\`*_{}\[\]<>|])")
SEARCH_CHART, ANSWER_CHART = "search.svg", "answers.svg"


def charts(summary: Summary) -> dict[str, str]:
    """Return the charts of a run, SVG by file name."""
    found = {}
    if summary.ranking:
        by_metric = {name: {mode: values[name] for mode, values in summary.ranking.items()} for name in RANKING_METRICS}
        found[SEARCH_CHART] = bars("Search, mean with 95 % interval", by_metric)
    if summary.answers:
        by_metric = {name: {"answers": value} for name, value in summary.answers.items()}
        found[ANSWER_CHART] = bars("Answers, mean with 95 % interval", by_metric)
    return found


def report(summary: Summary, rows: Sequence[Row], *, run_id: str) -> str:
    """Return the report."""
    lines = [
        f"# Evaluation {plain(run_id)}",
        "",
        f"{summary.questions} questions. Means with 95 % bootstrap intervals.",
    ]
    if summary.ranking:
        lines += ["", "## Search", "", f"![Search]({SEARCH_CHART})", "", *_ranking(summary), "", *_gains(summary)]
    if summary.answers:
        judge = f"Judged by {plain(summary.judge)}." if summary.judge else "No judge: faithfulness was not measured."
        lines += ["", "## Answers", "", judge, "", f"![Answers]({ANSWER_CHART})", "", *_answers(summary)]
    lines += ["", "## Questions", "", *_rows(summary, rows)]
    return "\n".join(lines) + "\n"


def _ranking(summary: Summary) -> list[str]:
    modes = list(summary.ranking)
    cells = [[name, *(_shown(summary.ranking[mode][name]) for mode in modes)] for name in RANKING_METRICS]
    return _table(["", *modes], cells)


def _gains(summary: Summary) -> list[str]:
    if not summary.gains:
        return []
    rows = []
    for gain in summary.gains:
        word = "yes" if gain.sure else "not sure"
        rows.append([f"hybrid over {gain.over}", gain.metric, _shown(gain.estimate, signed=True), word])
    note = "The difference on the same questions; sure where the interval excludes 0."
    return [note, "", *_table(["difference", "measure", "mean", "differs"], rows)]


def _answers(summary: Summary) -> list[str]:
    rows = [
        [name, _shown(summary.answers[name]), str(summary.answers[name].count)]
        for name in ANSWER_METRICS
        if name in summary.answers
    ]
    return _table(["", "mean", "questions"], rows)


def _rows(summary: Summary, rows: Sequence[Row]) -> list[str]:
    modes, names = list(summary.ranking), [name for name in ANSWER_METRICS if name in summary.answers]
    cells = []
    for row in rows:
        ranked = [_number(row.ranking.get(mode, {}).get("recall@5")) for mode in modes]
        cells.append(
            [str(row.number), plain(row.question), *ranked, *(_number(row.metrics.get(name)) for name in names)]
        )
    return _table(["#", "question", *(f"recall@5 {mode}" for mode in modes), *names], cells)


def _shown(found: Estimate, *, signed: bool = False) -> str:
    mean = f"{found.mean:+.3f}" if signed else f"{found.mean:.3f}"
    return f"{mean} [{found.low:.3f}, {found.high:.3f}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    names = list(head)
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def plain(text: str) -> str:
    """Return text that Markdown shows as it is, on one line, at most 200 characters."""
    line = " ".join(text.split())
    return SPECIAL.sub(r"\\\1", line if len(line) <= 200 else f"{line[:199]}…")
