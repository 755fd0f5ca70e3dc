"""Runs one reader on standard input under resource limits and writes JSON.

`python -m slipway_runtime.prepare.child MEDIA_TYPE MEMORY_BYTES CPU_SECONDS TEXT_CHARACTERS`
"""

import contextlib
import json
import resource
import sys
from typing import Any, cast

from slipway_runtime.prepare.budget import TextBudget
from slipway_runtime.prepare.formats.reader import read
from slipway_runtime.prepare.rejected import Rejected, Scan, gave_up
from slipway_runtime.prepare.sniff import DOCX, PDF, MediaType


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


def main(media_type: MediaType, memory_bytes: int, cpu_seconds: int, text_characters: int) -> dict[str, Any]:
    """Return the answer for the parent: the sections, or the code and reason of a rejection."""
    limit(memory_bytes, cpu_seconds)
    try:
        found = read(media_type, sys.stdin.buffer.read(), TextBudget(text_characters))
    except Scan as scan:
        return {"code": scan.code, "reason": scan.what, "pages": scan.pages}
    except Rejected as rejected:
        return {"code": rejected.code, "reason": rejected.reason}
    except MemoryError:
        return _out_of_memory(media_type, memory_bytes)
    except Exception as error:
        return {"code": None, "reason": gave_up(error)}
    sections = [(section.text, section.page) for section in found.sections]
    said = {"description": found.description, "attributes": found.attributes, "counts": found.counts}
    return {"sections": sections, "title": found.title, "structured": found.structured, **said}


def _out_of_memory(media_type: MediaType, memory_bytes: int) -> dict[str, str]:
    needs = f"the document needs more memory to read than {memory_bytes // 1024**2} MiB"
    if media_type in (PDF, DOCX):
        return {"code": "zip_bomb", "reason": f"{needs}, as a decompression bomb does; save it without embedded data"}
    return {"code": "too_large", "reason": f"{needs}; split it into parts"}


if __name__ == "__main__":
    answer = main(cast(MediaType, sys.argv[1]), *map(int, sys.argv[2:5]))
    sys.stdout.write(json.dumps(answer))
