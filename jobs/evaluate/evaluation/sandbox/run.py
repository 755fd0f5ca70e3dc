"""Runs one program in a process of its own with limits on time, memory, files, network and processes."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from evaluation.refused import EvaluationRefusedError

CHILD = Path(__file__).parent / "child.py"
PROBE_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`seconds`: wall clock and, rounded up, CPU. `memory_bytes`: address space."""

    seconds: float = 5.0
    memory_bytes: int = 512 * 1024 * 1024


@dataclass(frozen=True)
class Outcome:
    """Whether a program ran to its end; else `error` says why not: an exception, or "timed out"."""

    passed: bool
    error: str = ""


def run(program: str, limits: Limits) -> Outcome:
    """Run a program. It passes if it ends without an exception; to leave early, even with exit code 0, is to fail.

    The process starts without this one's environment, becomes nobody if this one is root, and is behind a filter of
    system calls (see sandbox.filter). A program that hunts for the token in its own interpreter could forge a pass:
    the filter keeps it from doing harm, not from cheating.
    """
    token = secrets.token_hex(16)
    order = {
        "program": program,
        "token": token,
        "memory_bytes": limits.memory_bytes,
        "cpu_seconds": int(limits.seconds) + 1,
    }
    with tempfile.TemporaryFile() as out:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-B", str(CHILD)],
                input=json.dumps(order).encode(),
                stdout=out,
                stderr=subprocess.PIPE,
                timeout=limits.seconds,
                env={"LC_ALL": "C.UTF-8"},
                cwd="/",
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcome(False, "timed out")
        out.seek(0)
        said = out.read()
    try:
        outcome = json.loads(said)
        if outcome["token"] == token:
            return Outcome(bool(outcome["passed"]), str(outcome["error"]))
    except (ValueError, KeyError, TypeError):
        pass
    told = done.stderr.decode(errors="replace").strip().splitlines()
    return Outcome(False, told[-1] if told and done.returncode > 0 else f"ended early with exit code {done.returncode}")


def check() -> None:
    """Try the sandbox. Raises: EvaluationRefusedError where it cannot confine: no program is run without it."""
    limits = Limits(seconds=PROBE_SECONDS)
    if not (well := run("1 + 1", limits)).passed:
        raise EvaluationRefusedError(
            f"The sandbox does not work here: {well.error}",
            "Use Linux on x86-64 or arm64 with seccomp, or leave tests out",
        )
    leak = run("import socket\nsocket.socket()", limits)
    if leak.passed or "PermissionError" not in leak.error:
        cause = f"The sandbox is not tight here: a socket gave {leak.error or 'no error'}"
        raise EvaluationRefusedError(cause, f"Run the job on another kernel than {os.uname().release}")
