"""Records which capabilities the last full run proved, for `slipway capabilities`; says which files run when."""

import json
import os
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support import lean_process, shared

ROOT = Path(__file__).parents[1]
REPORT = ROOT / ".slipway" / "test-report.json"
PROPERTY = "capability"
# The longest first, so that no process is left with one of them when all others are done.
FOLDERS = ("tests/end_to_end/", "tests/jobs/", "tests/local/cloud/", "tests/stacks/", "tests/")


class CapabilityReport:
    """Collects, for each capability id, the tests that passed; written only after a run of the whole suite.

    A test's ids travel with its report, as tests may run in other processes than this.
    """

    def __init__(self) -> None:
        self.ids: dict[str, list[str]] = {}
        self.failed: set[str] = set()
        self.passed: set[str] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            item.user_properties += [(PROPERTY, marker.args[0]) for marker in item.iter_markers("capability")]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ids[report.nodeid] = [str(value) for name, value in report.user_properties if name == PROPERTY]
        if report.failed:
            self.failed.add(report.nodeid)
        elif report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        option = session.config.option
        whole = session.config.args == session.config.getini("testpaths") and not (option.keyword or option.markexpr)
        if not whole or option.collectonly or hasattr(session.config, "workerinput"):
            return
        proven: dict[str, list[str]] = defaultdict(list)
        for node in sorted(self.passed - self.failed):
            for capability in self.ids[node]:
                proven[capability].append(node)
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(
            json.dumps({"finished_at": datetime.now(UTC).isoformat(timespec="seconds"), "passed": proven}, indent=1)
        )


def _place(item: pytest.Item) -> tuple[bool, int]:
    """Where a file stands in the order: those with slow tests first, then by folder."""
    slow = item.get_closest_marker("slow") is not None
    return not slow, next(at for at, folder in enumerate(FOLDERS) if item.nodeid.startswith(folder))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order files, never the tests within one."""
    places: dict[str, tuple[bool, int]] = {}
    for item in items:
        file = item.nodeid.split("::")[0]
        places[file] = min(places.get(file, (True, len(FOLDERS))), _place(item))
    items.sort(key=lambda item: places[item.nodeid.split("::")[0]])


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: many tests wait, for other processes or for time to pass."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    lean_process.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show why a test was run again: the first failure is the cause, where a module's state outlives a test."""
    first: dict[str, pytest.TestReport] = {}
    for report in terminalreporter.getreports("rerun"):
        first.setdefault(report.nodeid, report)
    if first:
        terminalreporter.section("why tests were run again")
    for node, report in first.items():
        terminalreporter.write_line(f"{node}\n{report.longreprtext}\n")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(CapabilityReport(), "capability-report")
    lean_process.install()
    if folder := shared.begin():
        config.add_cleanup(folder.cleanup)
