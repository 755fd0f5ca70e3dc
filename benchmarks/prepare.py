"""Data preparation beside the best-known libraries, on one generated corpus of known truth, in one run.

    python benchmarks/prepare.py [--json] [--sections near-duplicates redact chunks] [--documents 20000] [--runs 3]

Peers are installed from benchmarks/requirements.txt, with hashes, into .slipway/cache/benchmarks the first time. Each
contender is a process of its own on one thread; runs alternate, so that a busy machine slows all alike, and the run
with the least CPU time counts.
The section `spark` is made for --documents 200000, needs Java 17 and installs PySpark the first time.
Units: documents per second of CPU time (user and system); MB of memory over the corpus itself.
"""

import argparse
import json
import os

from _prepare import chunks, contamination, near_duplicates, redact, spark

# Each has measure(documents, runs) -> rows, and lines(rows) -> text.
SECTIONS = {
    "near-duplicates": near_duplicates,
    "contamination": contamination,
    "redact": redact,
    "chunks": chunks,
    "spark": spark,
}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="(default: all)")
    parser.add_argument("--documents", type=int, default=20_000, help="documents of the corpus (default 20000)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender (default 3)")
    arguments = parser.parse_args()
    results = {
        name: section.measure(arguments.documents, arguments.runs)
        for name, section in SECTIONS.items()
        if name in arguments.sections
    }
    load = [round(value, 1) for value in os.getloadavg()]
    if arguments.json:
        print(json.dumps({"load": load, **results}, indent=2))
        return
    for name, rows in results.items():
        print(f"\n{name} ({arguments.documents} documents, load {load[0]})")
        for line in SECTIONS[name].lines(rows):
            print(line)


if __name__ == "__main__":
    main()
