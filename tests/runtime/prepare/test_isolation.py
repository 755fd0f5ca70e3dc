"""A parser that is taken over tries to read its parent's credentials."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

# Stands in for prepare/child.py, first on the path that the parent hands over, and does what an attacker would.
PROBE = """
    import json, os
    found = []
    for name in ("environ", "mem"):
        try:
            with open(f"/proc/{os.getppid()}/{name}", "rb") as file:
                found.append("read " + name + (": secret" if b"very-secret" in file.read(100_000) else ""))
        except OSError as error:
            found.append(type(error).__name__)
    found.append("own: secret" if "very-secret" in str(os.environ) else "own: empty")
    print(json.dumps({"sections": [[entry, None] for entry in found], "title": "", "structured": False}))
"""
# Lambda's user is not root. Root here gives up the capabilities by which it would read every process.
PARENT = """
    import ctypes, os, sys
    PR_CAPBSET_DROP, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_PERFMON = 24, 19, 21, 38
    if os.getuid() == 0 and len(sys.argv) == 3:
        for capability in (CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_PERFMON):
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        os.execv(sys.executable, [sys.executable, "-c", sys.argv[2], sys.argv[1]])
    from slipway_runtime.prepare.isolate import read_isolated
    sys.path.insert(0, sys.argv[1])
    print([section.text for section in read_isolated("application/pdf", b"x").sections])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc and prctl")
@pytest.mark.capability("D1")
def test_a_child_of_the_same_user_cannot_read_the_parents_environment(tmp_path: Path) -> None:
    shadow = tmp_path / "shadow" / "slipway_runtime" / "prepare"
    shadow.mkdir(parents=True)
    (shadow / "child.py").write_text(textwrap.dedent(PROBE))
    for folder in (shadow, shadow.parent):
        (folder / "__init__.py").touch()
    parent = textwrap.dedent(PARENT)
    done = subprocess.run(
        [sys.executable, "-c", parent, str(tmp_path / "shadow"), parent],
        env={"PYTHONPATH": os.pathsep.join(sys.path), "AWS_SECRET_ACCESS_KEY": "very-secret"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "['PermissionError', 'PermissionError', 'own: empty']\n", done.stderr
