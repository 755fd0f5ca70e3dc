"""Which promises of docs/capabilities.md are proven, and by which tests."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from slipway_cli.errors import CommandError

ROW = re.compile(r"^\| *(?P<id>[A-Z]\d+) *\| *(?P<title>[^|]+?) *\|", re.MULTILINE)
REPORT = "test-report.json"


@dataclass(frozen=True)
class Capability:
    """One promise: its id, what it says, and the tests that proved it in the last full run (`path::name`)."""

    id: str
    title: str
    tests: list[str] = field(default_factory=list)


def read_capabilities(root: Path, home: Path) -> tuple[list[Capability], str | None]:
    """Every promise in order, and when the last full test run ended (None: there was none, and nothing is proven).

    Raises: CommandError if docs/capabilities.md is missing.
    """
    document = root / "docs" / "capabilities.md"
    if not document.is_file():
        raise CommandError(f"{document} is missing")
    report_file = home / REPORT
    report = json.loads(report_file.read_text()) if report_file.is_file() else {"finished_at": None, "passed": {}}
    passed = report["passed"]
    rows = ROW.finditer(document.read_text(encoding="utf-8"))
    return [Capability(row["id"], row["title"], sorted(passed.get(row["id"], []))) for row in rows], report[
        "finished_at"
    ]
