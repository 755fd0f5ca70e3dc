"""The Spark job over a folder of documents of 2 KB, beside the bare kernel of near-duplicates.

Measured is the whole job, jobs/prepare_corpus/prepare_corpus.py, as a process of its own on two cores: Java's and
Spark's start, listing the folder, reading each document from its own file, curating it (extract, clean, language),
fingerprints, comparison, and writing of the curated lines. No rules are set. The kernel finds the duplicates among the
same texts in memory, on one core: texts to shingles, signatures, bands, verification.
Units: documents per second of wall clock, on the cores given, and per second of CPU time.
"""

import contextlib
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _prepare.near_duplicates_corpus import generate
from slipway_local.functions.packages import Packages
from slipway_local.glue import runtime
from slipway_runtime.prepare.duplicates.clusters import find_duplicates

ROOT = Path(__file__).resolve().parents[2]
JOB = ROOT / "jobs" / "prepare_corpus" / "prepare_corpus.py"
CORES = 2
FILES_PER_FOLDER = 1_000
PR_SET_CHILD_SUBREAPER = 36  # Source: prctl(2)
GOALS = {"documents_per_second": 10_000, "times_the_kernel_per_core": 3}


def measure(documents: int, runs: int) -> list[dict[str, Any]]:
    """Return the job's figures of the fastest run, and the kernel's."""
    _adopt()
    with tempfile.TemporaryDirectory() as folder:
        texts = [each.text for each in generate(documents)]
        for place, text in enumerate(texts):
            path = Path(folder) / "raw" / "acme" / f"{place // FILES_PER_FOLDER}" / f"{place}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        kernel = min(_kernel(texts) for _ in range(runs))
        jobs = [_job(Path(folder), documents, f"run-{number}") for number in range(runs)]
    wall, cpu = min(wall for wall, _ in jobs), min(cpu for _, cpu in jobs)
    return [
        {"name": "spark", "documents_per_second": documents / wall, "per_cpu_second": documents / cpu,
         "times_the_kernel_per_core": cpu / kernel, "goals": GOALS},
        {"name": "kernel", "documents_per_second": documents / kernel, "per_cpu_second": documents / kernel},
    ]  # fmt: skip


def _kernel(texts: list[str]) -> float:
    begin = time.process_time()
    find_duplicates(texts)
    return time.process_time() - begin


def _job(folder: Path, documents: int, run_id: str) -> tuple[float, float]:
    """Return seconds of wall clock and of CPU time of one run. Raises: SystemExit if it fails."""
    spark = runtime.python_path(Packages(ROOT / ".slipway" / "cache"))
    home = runtime.java_home()
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "lambda"), str(spark), *filter(None, sys.path)]),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_SUBMIT_ARGS": f"--master local[{CORES}] --conf spark.ui.enabled=false pyspark-shell",
        **({"JAVA_HOME": home} if home else {}),
    }
    command = [sys.executable, JOB, "--input", folder / "raw", "--output", folder / "curated", "--run-id", run_id,
               "--rules", "{}", "--part-documents", "2000", "--near-duplicates",
               '{"default": {"enabled": true, "max_lost_share": 1}}']  # fmt: skip
    begin, before = time.monotonic(), _children()
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    wall = time.monotonic() - begin
    _reap()
    cpu = _children() - before
    if done.returncode:
        raise SystemExit(f"the job failed:\n{done.stderr[-3000:]}")
    report = json.loads(done.stdout.splitlines()[-1])
    if report["in"] != documents:
        raise SystemExit(f"the job saw {report['in']} of {documents} documents")
    return wall, cpu


def _adopt() -> None:
    """Become the parent of orphaned descendants, on Linux: Python leaves Java behind, whose time would not count."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap() -> None:
    """Wait for all of them."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _children() -> float:
    """Return the CPU time of the children that ended: Python, Java, and Spark's Python workers under it."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return the results as text."""
    job, kernel = rows
    return [
        f"{row['name']:8}{row['documents_per_second']:>9.0f} docs/s{row['per_cpu_second']:>9.0f} docs/s of CPU time"
        for row in (job, kernel)
    ] + [f"the kernel is {job['times_the_kernel_per_core']:.1f} times as fast per core (goal: {GOALS})"]
