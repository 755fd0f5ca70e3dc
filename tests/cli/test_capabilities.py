import json
from pathlib import Path

import pytest

from slipway_cli.capabilities import REPORT, read_capabilities
from slipway_cli.errors import CommandError
from slipway_cli.project import project


def test_every_promise_is_listed_once_and_none_is_proven_without_a_run(tmp_path: Path) -> None:
    rows, finished_at = read_capabilities(project().root, tmp_path)
    ids = [row.id for row in rows]
    assert finished_at is None
    assert len(ids) == len(set(ids)) == 70
    assert {"D1", "R9", "T10", "S13", "P10", "O15"} <= set(ids)
    assert not any(row.tests for row in rows)


def test_proven_are_those_whose_tests_passed_in_the_recorded_run(tmp_path: Path) -> None:
    report = {"finished_at": "2026-11-01T00:00:00+00:00", "passed": {"D1": ["tests/b.py::two", "tests/a.py::one"]}}
    (tmp_path / REPORT).write_text(json.dumps(report))
    rows, finished_at = read_capabilities(project().root, tmp_path)
    assert finished_at == "2026-11-01T00:00:00+00:00"
    assert {row.id: row.tests for row in rows if row.tests} == {"D1": ["tests/a.py::one", "tests/b.py::two"]}


def test_a_checkout_without_the_list_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"capabilities\.md is missing"):
        read_capabilities(tmp_path, tmp_path)
