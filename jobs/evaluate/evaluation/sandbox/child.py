"""The confined process: reads a program, gives up what it may, runs it and says how that ended.

Started by sandbox.run as `python -I child.py`, with the order as JSON on stdin; the outcome is JSON on stdout.
"""

import contextlib
import importlib
import json
import os
import resource
import sys
from pathlib import Path

# Isolated Python has no package here.
sys.path.insert(0, str(Path(__file__).parents[2]))
from evaluation.sandbox import filter as seccomp

# At hand inside also where Python is installed in a folder that nobody may read, as below /root.
AT_HAND = (
    *("abc", "array", "ast", "base64", "bisect", "calendar", "cmath", "collections", "collections.abc", "copy", "csv"),
    *("dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq", "io", "itertools"),
    *("math", "numbers", "operator", "random", "re", "socket", "statistics", "string", "struct", "subprocess"),
    *("tempfile", "textwrap", "threading", "time", "types", "typing", "unittest", "uuid", "zlib"),
)
NOBODY = 65534
OUTPUT_BYTES = 65_536


def limit(memory_bytes: int, cpu_seconds: int) -> None:
    """Set the limits, then give up root, who could lift them."""
    sizes = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: OUTPUT_BYTES,
        resource.RLIMIT_NOFILE: 32,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    for kind, size in sizes.items():
        hard = resource.getrlimit(kind)[1]
        wanted = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(kind, (wanted, wanted))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def main() -> None:
    """Run the program of the order."""
    for name in AT_HAND:
        importlib.import_module(name)
    order = json.load(sys.stdin)
    sys.path.pop(0)
    code = order["program"]
    limit(order["memory_bytes"], order["cpu_seconds"])
    seccomp.confine()
    out = sys.stdout
    outcome = {"token": order["token"], "passed": True, "error": ""}
    del order
    try:
        with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
            exec(compile(code, "program", "exec"), {"__name__": "__main__"})  # noqa: S102 - what this process is for
    except BaseException as error:
        outcome |= {"passed": False, "error": f"{type(error).__name__}: {error}"[:500]}
    out.write(json.dumps(outcome))
    out.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
