"""Runs one contender: `python contender.py NAME CORPUS RESULT`, where contenders/NAME.py has `run(documents)`.

What `run` imports at its module's top is not counted, nor is reading the corpus.
"""

import importlib
import json
import resource
import sys
from pathlib import Path


def cpu_seconds() -> float:
    """Return the CPU time of this process and of those that it waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_megabytes() -> float:
    """Return the most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux ru_maxrss begins with the parent's
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(peak.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024


def main() -> None:
    """Write the result as JSON."""
    name, corpus, result = sys.argv[1:]
    module = importlib.import_module(f"contenders.{name}")
    with Path(corpus).open(encoding="utf-8") as file:  # line by line: a peak while reading would hide a lower one
        documents = [json.loads(line) for line in file]
    megabytes, seconds = peak_megabytes(), cpu_seconds()
    found = module.run(documents)
    answer = {"cpu_seconds": cpu_seconds() - seconds, "megabytes": peak_megabytes() - megabytes, "found": found}
    Path(result).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
