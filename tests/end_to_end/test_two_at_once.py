"""Two people, or two pipelines, do the same thing at the same moment: both end well, and nothing is there twice."""

import json
import subprocess
from pathlib import Path
from typing import Any

from support.command import BIN, ROOT, Slipway


def at_once(slipway: Slipway, *arguments: object) -> list[dict[str, Any]]:
    command = [str(BIN / "slipway"), *map(str, arguments), "--json"]
    runs = [
        subprocess.Popen(command, cwd=ROOT, env=slipway.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    results = [run.communicate(timeout=200) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], results
    return [json.loads(out) for out, _ in results]


def test_two_ingestions_of_one_folder_both_end_well(slipway: Slipway, dev: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "twice"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.md").write_text(
            f"# Machine {number}\n\nMachine {number} makes {number + 3} bolts an hour.\n"
        )
    reports = at_once(slipway, "ingest", folder, "--timeout", "120")
    assert [report["documents"] for report in reports] == [12, 12]
    assert [report["chunks"] for report in reports] == [12, 12]
    assert len(slipway.json("documents", "--prefix", "twice/")) == 12


def test_two_starts_of_one_environment_both_end_with_it_up(slipway: Slipway, dev: dict[str, Any]) -> None:
    first, second = at_once(slipway, "local", "up")
    assert first["endpoint_url"] == second["endpoint_url"] == dev["endpoint_url"]
    assert first["state"] == second["state"] == "running"
