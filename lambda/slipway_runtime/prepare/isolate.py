"""Reads untrusted documents in a child process, so that a bomb, a crash or a loop costs one document.

The child is this interpreter with an empty environment and limits on address space and CPU time; the parent has one on
wall-clock time. Before the first child the parent also makes itself undumpable, so that a process of the same user
cannot read its environment or memory under /proc on Linux.
This is no sandbox: a parser that is taken over still shares the
user, the files and the network of the function, and where the function runs as root nothing is hidden from it.
Source: proc(5) and prctl(2), PR_SET_DUMPABLE.
"""

import functools
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import Any

from slipway_runtime.prepare.document import Extracted, Section
from slipway_runtime.prepare.rejected import Code, Rejected, Scan, TooSlow
from slipway_runtime.prepare.sniff import DOCX, PDF, MediaType

BROKEN: dict[MediaType, Code] = {
    PDF: "broken_pdf",
    DOCX: "broken_docx",
    "text/html": "broken_html",
    "text/csv": "broken_csv",
    "application/json": "broken_json",
    "application/x-ndjson": "broken_json",
}
PR_SET_DUMPABLE = 4
# Readers of text take time in proportion to it, at most a second for a megabyte: five times that is a hostile document,
# and the whole limit would cost its neighbours in the batch their turn.
TEXT_CPU_SECONDS, TEXT_CPU_SECONDS_PER_MEGABYTE = 5, 5
SLOW_SIGNALS = (signal.SIGXCPU, signal.SIGKILL)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one document. Units: bytes of address space, seconds of CPU and of wall clock, characters of text.

    `rules_cpu_seconds` is for what comes after reading; the others are for reading.
    """

    memory_bytes: int = 768 * 1024**2
    cpu_seconds: int = 60
    wall_seconds: float = 90.0
    rules_cpu_seconds: float = 60.0
    text_characters: int = 20_000_000


def read_isolated(media_type: MediaType, data: bytes, limits: Limits | None = None) -> Extracted:
    """Return what the reader of a kind finds in `data`, clean.

    Raises: Rejected with the reader's own reason, or "too_slow", "too_large", "zip_bomb" or "broken_<kind>" where it
    did not return.
    """
    limits = _of_kind(media_type, len(data), limits or Limits())
    broken = BROKEN.get(media_type, "broken_text")
    _hide_from_children()
    arguments = [str(limits.memory_bytes), str(limits.cpu_seconds), str(limits.text_characters)]
    try:
        # -S: the parent's sys.path is handed over whole, so `site` would only cost time.
        child = subprocess.run(
            [sys.executable, "-S", "-m", "slipway_runtime.prepare.child", media_type, *arguments],
            input=data,
            capture_output=True,
            timeout=limits.wall_seconds,
            check=False,
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise _too_slow(limits) from error
    if -child.returncode in SLOW_SIGNALS:
        raise _too_slow(limits)
    try:
        answer: dict[str, Any] = json.loads(child.stdout)
    except ValueError as error:
        raise _crashed(broken, limits) from error
    if "pages" in answer:
        raise Scan(answer["code"], answer["reason"], media_type=media_type, pages=answer["pages"])
    if "code" in answer:
        raise Rejected(answer["code"] or broken, answer["reason"])
    sections = [Section(text=text, page=page) for text, page in answer["sections"]]
    return Extracted(**{**answer, "sections": sections})


def _of_kind(media_type: MediaType, size_bytes: int, limits: Limits) -> Limits:
    if media_type in (PDF, DOCX):
        return limits
    seconds = TEXT_CPU_SECONDS + TEXT_CPU_SECONDS_PER_MEGABYTE * size_bytes // 1_000_000
    return replace(limits, cpu_seconds=min(limits.cpu_seconds, seconds))


@functools.cache
def _hide_from_children() -> None:
    """Close /proc/<this process> to processes of the same user, once; only Linux has it."""
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415 - only documents that need a child pay for it

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE) failed")


def _crashed(broken: Code, limits: Limits) -> Rejected:
    mebibytes = limits.memory_bytes // 1024**2
    cause = f"as it does when one is damaged, or unpacks to more than {mebibytes} MiB like a decompression bomb"
    remedy = "if you trust its sender, save it as a new file without embedded data and upload that"
    return Rejected(broken, f"the parser crashed on this document, {cause}; {remedy}")


def _too_slow(limits: Limits) -> TooSlow:
    spent = f"more than {limits.cpu_seconds} s of CPU or {limits.wall_seconds:.0f} s"
    return TooSlow(f"reading took {spent}")
