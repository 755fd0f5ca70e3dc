"""The last step of an evaluation: means, intervals, comparisons, and the report with its charts."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from slipway_runtime.evaluate.markdown import charts, report
from slipway_runtime.evaluate.summary import summarise
from slipway_runtime.handlers.evaluation_events import ReportEvent
from slipway_runtime.operate.observability import logger, observed

READERS = 16


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the summary, with where the report is. Raises: the errors of S3."""
    asked = msgspec.convert(event, ReportEvent)
    run = asked.run
    with ThreadPoolExecutor(READERS) as pool:
        rows = list(pool.map(run.row, range(1, asked.questions + 1)))
    summary = summarise(rows, judge=asked.judge_model)
    whole = msgspec.json.encode({"run_id": asked.run_id, "summary": summary, "rows": rows})
    drawn = {name: chart.encode() for name, chart in charts(summary).items()}
    run.write({**drawn, "report.json": whole, "report.md": report(summary, rows, run_id=asked.run_id).encode()})
    logger.info("evaluation finished", extra={"run_id": asked.run_id, "questions": asked.questions})
    place = f"s3://{run.bucket}/{run.folder}"
    return {"run_id": asked.run_id, "report": place, **msgspec.to_builtins(summary)}
