"""What a program may not do in the sandbox, and that the kernel says so to root as well.

Source: https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

import os
import subprocess
import sys

import pytest

from support.evaluating import JOB

pytestmark = pytest.mark.capability("P4")
LIMITS = {"seconds": 20.0}


def outcome(program: str, **limits: float) -> tuple[bool, str]:
    from evaluation.sandbox.run import Limits, run

    found = run(program, Limits(**{**LIMITS, **limits}))
    return found.passed, found.error


def test_a_right_program_passes_and_a_wrong_one_fails_with_its_reason() -> None:
    assert outcome("import math, typing\nassert math.comb(5, 2) == 10\nprint('noise')") == (True, "")
    assert outcome("assert 1 == 2, 'one is not two'") == (False, "AssertionError: one is not two")
    assert outcome("def f(:")[1].startswith("SyntaxError")


@pytest.mark.parametrize("leave", ["import os\nos._exit(0)", "raise SystemExit(0)", "import sys\nsys.exit()"])
def test_to_leave_before_the_tests_is_to_fail(leave: str) -> None:
    passed, _ = outcome(f"{leave}\nassert False")
    assert not passed


def test_an_outcome_cannot_be_printed() -> None:
    program = 'import os\nos.write(1, b\'{"token": "", "passed": true, "error": ""}\')\nos._exit(0)'
    assert not outcome(program)[0]


def test_time_ends() -> None:
    assert outcome("while True: pass", seconds=1.0) == (False, "timed out")
    assert outcome("import time\ntime.sleep(600)", seconds=1.0) == (False, "timed out")


def test_memory_ends() -> None:
    passed, error = outcome("x = bytearray(2_000_000_000)")
    assert not passed and error.startswith("MemoryError")


@pytest.mark.parametrize(
    "program",
    [
        "import socket\nsocket.socket()",  # network
        "import socket\nsocket.socketpair()",
        "import os\nos.fork()",  # one child, and it is refused
        "import subprocess\nsubprocess.run(['true'])",
        "import os\nos.execv('/bin/true', ['true'])",
        "import os\nos.kill(os.getppid(), 0)",
        "open('/tmp/slipway-sandbox', 'w')",
        "import os\nos.unlink('/tmp/slipway-sandbox')",
        "import os\nos.mkdir('/tmp/slipway-sandbox')",
        "import os\nos.chmod('/tmp', 0o777)",
        "import os\nos.setuid(0)",
    ],
)
def test_what_reaches_outside_is_refused(program: str) -> None:
    passed, error = outcome(program)
    assert not passed
    assert error.startswith("PermissionError"), error


def test_no_thread_and_no_higher_limit() -> None:
    assert "can't start new thread" in outcome("import threading\nthreading.Thread(target=print).start()")[1]
    lift = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))"
    assert not outcome(lift)[0]


def test_nothing_of_this_process_is_at_hand() -> None:
    os.environ["SLIPWAY_TEST_SECRET"] = "s3cret"
    try:
        assert outcome("import os\nassert 'SLIPWAY_TEST_SECRET' not in os.environ") == (True, "")
        if os.geteuid() == 0:
            assert outcome("import os\nassert os.getuid() == os.geteuid() == 65534") == (True, "")
            assert "PermissionError" in outcome(f"open('/proc/{os.getpid()}/environ').read()")[1]
    finally:
        del os.environ["SLIPWAY_TEST_SECRET"]


@pytest.mark.parametrize("try_it", ["os.fork()", "socket.socket()", "os.setuid(1)", "open('/tmp/x', 'a')"])
def test_the_filter_alone_binds_whoever_is_behind_it(try_it: str) -> None:
    """No user was changed here: this is root where the tests run as root."""
    program = (
        f"import os, socket, sys\nsys.path.append({str(JOB)!r})\n"
        "from evaluation.sandbox.filter import confine\nconfine()\n"
        f"try:\n    {try_it}\nexcept PermissionError:\n    os._exit(7)\nos._exit(0)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 7


def test_an_unknown_machine_has_no_sandbox() -> None:
    from evaluation.sandbox.filter import program

    with pytest.raises(OSError, match="riscv64"):
        program("riscv64")
