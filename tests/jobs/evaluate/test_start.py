"""The evaluation's archive as a processing container finds it: nothing unpacked, nothing of this project installed.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from slipway_constructs.source_archive import archive
from slipway_local.functions.worker import interpreter
from slipway_local.training import runtime
from stacks.training_sources import evaluation_files
from support.evaluating import CACHE, ITEMS, REQUIREMENTS, write


@pytest.mark.capability("P4")
@pytest.mark.usefixtures("requirements")
def test_the_archive_starts_where_only_its_requirements_are(tmp_path: Path) -> None:
    code, files = tmp_path / "code", evaluation_files()
    code.mkdir()
    (code / "source.tar.gz").write_bytes(archive(files))
    for name in ("start.py", "requirements.txt"):
        (code / name).write_bytes(files[name].read_bytes())
    write(tmp_path / "processing" / "input" / "items" / "items.jsonl", ITEMS)
    found = os.pathsep.join(map(str, runtime.python_path(CACHE, REQUIREMENTS)))
    command = [interpreter(), str(code / "start.py"), "job/evaluate.py", "--root", str(tmp_path), "--metrics", "words"]
    env = {"PATH": os.defpath, "PYTHONPATH": found, "PYTHONNOUSERSITE": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    assert not done.returncode, done.stderr
    report = json.loads((tmp_path / "processing" / "output" / "report.json").read_text())
    assert set(report["metrics"]) == {"exact_match", "f1"}
