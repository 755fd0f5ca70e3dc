"""Means, comparisons, the Markdown report and its charts."""

from xml.etree import ElementTree as ET

import pytest

from slipway_runtime.evaluate.markdown import charts, report
from slipway_runtime.evaluate.rows import RANKING_METRICS, Row
from slipway_runtime.evaluate.summary import summarise

pytestmark = pytest.mark.capability("R9")


def row(number: int, hybrid: float, vector: float, **metrics: float) -> Row:
    ranking = {mode: dict.fromkeys(RANKING_METRICS, value) for mode, value in (("hybrid", hybrid), ("vector", vector))}
    return Row(number=number, question=f"<b>{number}</b> | [x](y)?", ranking=ranking, metrics=metrics)


ROWS = [row(number, 1.0, float(number % 2), f1=0.5) for number in range(1, 41)]


def test_means_and_what_is_sure() -> None:
    summary = summarise(ROWS)
    assert summary.ranking["hybrid"]["recall@5"].mean == 1
    assert summary.ranking["vector"]["recall@5"].mean == 0.5
    gain = next(gain for gain in summary.gains if gain.metric == "recall@5")
    assert (gain.over, gain.estimate.mean, gain.sure) == ("vector", 0.5, True)
    assert summarise([row(1, 1, 1)]).gains[0].sure is False
    assert summary.answers["f1"].count == 40
    assert "faithfulness" not in summary.answers


def test_rows_without_rankings_count_for_answers_only() -> None:
    bare = Row(number=41, question="?", ranking={}, metrics={"f1": 1.0})
    summary = summarise([*ROWS, bare])
    assert summary.questions == 41
    assert summary.ranking["hybrid"]["recall@5"].count == 40
    assert summary.answers["f1"].count == 41


def test_the_report_holds_every_question_and_shows_markup_as_text() -> None:
    text = report(summarise(ROWS), ROWS, run_id="run-1")
    assert text.startswith("# Evaluation run-1")
    assert text.count("\\<b\\>") == 40
    assert "| hybrid over vector | recall@5 | +0.500" in text
    assert "No judge" in text
    tables = [line for line in text.splitlines() if line.startswith("| 7 ")]
    assert tables == [r"| 7 | \<b\>7\</b\> \| \[x\](y)? | 1.00 | 1.00 | 0.50 |"]


def test_charts_are_whole_svg_files_that_load_nothing() -> None:
    found = charts(summarise(ROWS))
    assert set(found) == {"search.svg", "answers.svg"}
    for text in found.values():
        root = ET.fromstring(text)
        assert root.tag.endswith("svg")
        assert "href" not in text
        assert "<script" not in text
    bars = [part for part in ET.fromstring(found["search.svg"]).iter() if part.tag.endswith("rect")]
    assert len(bars) == 1 + 2 + 2 * len(RANKING_METRICS)
