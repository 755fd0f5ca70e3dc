"""A virtual environment with the peers' packages, and runs of contenders in processes of their own."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).resolve().parent.parent
LOCK = BENCHMARKS / "requirements.txt"
CACHE = BENCHMARKS.parent / ".slipway" / "cache" / "benchmarks"
ONE_THREAD = dict.fromkeys(("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def python_of_peers() -> str:
    """Return the interpreter that has the peers, installed from the lock file when it changed."""
    name = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = CACHE / name
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"installing the peers of {LOCK.name} into {folder} (about 200 MB to download)", file=sys.stderr)
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
        install = [*uv, "pip", "install", "--quiet", "--require-hashes", "--python", python, "-r", LOCK]
        if subprocess.run(install, check=False).returncode:
            raise SystemExit(f"the peers are not installed; repeat with a network: {' '.join(map(str, install))}")
        (folder / "complete").touch()
    return str(python)


def run(python: str, contender: str, corpus: Path) -> dict[str, Any]:
    """Return what a contender found, its CPU seconds and its memory in MB."""
    program = Path(__file__).with_name("contender.py")
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [python, program, contender, corpus, result]
        done = subprocess.run(command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{contender} failed:\n{done.stderr[-3000:]}")
        found: dict[str, Any] = json.loads(result.read_text())
        return found


def best_of(section: str, ours: str, peers: Iterable[str], rows: Iterable[Any], runs: int) -> dict[str, dict[str, Any]]:
    """Return each contender's run with the least CPU time over a corpus of `rows`; runs alternate.

    `ours` runs in this Python; its peers in theirs.
    """
    python, best = python_of_peers(), dict[str, dict[str, Any]]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        for _ in range(runs):
            for name in (ours, *peers):
                result = run(sys.executable if name == ours else python, f"{section}_{name}", path)
                if name not in best or result["cpu_seconds"] < best[name]["cpu_seconds"]:
                    best[name] = result
    return best
