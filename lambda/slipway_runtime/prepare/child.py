"""Runs one reader on standard input under resource limits and writes JSON.

`python -m slipway_runtime.prepare.child READER MEMORY_BYTES CPU_SECONDS TEXT_CHARACTERS`
"""

import contextlib
import json
import resource
import sys
from typing import Any

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.document import Extracted
from slipway_runtime.prepare.rejected import Rejected

MEMORY_REASON = (
    "the document needs more memory to open than {} MiB, as a decompression bomb does; "
    "save it again without embedded data"
)


def limit(memory_bytes: int, cpu_seconds: int) -> None:
    """Limit this process: address space, CPU seconds, no core dump, no new files. macOS does not honour the first."""
    wanted = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
    }
    for kind, value in wanted.items():
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (value, value))


def read(reader: str, data: bytes, budget: TextBudget) -> Extracted:
    """Return what the reader finds; only the reader that is asked for is imported."""
    if reader == "pdf":
        from slipway_runtime.prepare.formats.pdf import read_pdf  # noqa: PLC0415

        return read_pdf(data, budget)
    if reader == "html":
        from slipway_runtime.prepare.formats.html import read_html  # noqa: PLC0415

        return read_html(data.decode(), budget)
    from slipway_runtime.prepare.formats.docx import read_docx  # noqa: PLC0415

    return read_docx(data, budget)


def main(reader: str, memory_bytes: int, cpu_seconds: int, text_characters: int) -> dict[str, Any]:
    """Return the answer for the parent: the sections, or the code and reason of a rejection."""
    limit(memory_bytes, cpu_seconds)
    try:
        found = read(reader, sys.stdin.buffer.read(), TextBudget(text_characters))
    except Rejected as rejected:
        return {"code": rejected.code, "reason": rejected.reason}
    except MemoryError:
        return {"code": "zip_bomb", "reason": MEMORY_REASON.format(memory_bytes // 1024**2)}
    except Exception as error:
        reason = (
            f"the parser gave up ({type(error).__name__}); open the document, save it as a new file, upload it again"
        )
        return {"code": None, "reason": reason}
    sections = [(section.text, section.page) for section in found.sections]
    return {"sections": sections, "title": found.title, "structured": found.structured}


if __name__ == "__main__":
    answer = main(sys.argv[1], *map(int, sys.argv[2:5]))
    sys.stdout.write(json.dumps(answer))
