"""Personal data and secrets: ours, presidio and scrubadub over the same generated text of known truth.

    python benchmarks/_prepare/redact.py [--documents 800] [--runs 3] [--peers PYTHON]

A value counts as found only if every letter and digit of it is inside what the contender found, whatever it calls it;
a finding that touches no value is a false positive. presidio runs its patterns without a language model (names are not
measured), which is faster than what it ships, and is asked for the six kinds it knows; recall is also given for those
alone. Each contender is a process of its own; runs alternate, and the one with the least CPU time counts.
Units: MB (10^6 bytes of UTF-8) per second of CPU time.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2] / "lambda")]

from _prepare.redact_corpus import Document, corpus  # noqa: E402

Found = list[tuple[int, int]]
OURS = "slipway"
PEERS = {"presidio": 80.0, "scrubadub": None}  # ours is to be so many times as fast
GOALS = {"megabytes_per_second": 50, "recall": 0.99, "false_positives_per_document": 0.1}
PEER_DOCUMENTS = 100
SHARED = ("email", "phone", "card", "iban", "ssn", "ip")
ENTITIES = ["EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS"]


def measure(documents: int, runs: int, peers: str | None = None) -> list[dict[str, Any]]:
    """Return a result for each contender; `peers` is the Python that has them (None: the benchmarks' own)."""
    if peers is None:
        from _prepare.peers import python_of_peers  # noqa: PLC0415

        peers = str(python_of_peers())
    best: dict[str, dict[str, Any]] = {}
    for _ in range(runs):
        for name in (OURS, *PEERS):
            python, number = (sys.executable, documents) if name == OURS else (peers, min(documents, PEER_DOCUMENTS))
            command = [python, str(HERE), "--one", name, "--documents", str(number)]
            row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            if name not in best or row["megabytes_per_second"] > best[name]["megabytes_per_second"]:
                best[name] = row
    ours = best[OURS]["megabytes_per_second"]
    best[OURS]["goals"] = GOALS
    for name, goal in PEERS.items():
        best[name] |= {"ratio": round(ours / best[name]["megabytes_per_second"], 1), "goal": goal}
    return list(best.values())


def lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return the results as text."""
    head = f"{'':12}{'MB/s':>8}{'ratio':>8}{'goal':>7}{'recall':>9}{'shared':>9}{'FP/doc':>9}   missed by kind"
    return [head, *map(_line, rows)]


def _line(row: dict[str, Any]) -> str:
    missed = "  ".join(f"{kind} {number}" for kind, number in row["missed"].items())
    return (
        f"{row['name']:12}{row['megabytes_per_second']:>8}{row.get('ratio', ''):>8}"
        f"{row.get('goal', GOALS['megabytes_per_second']) or '-':>7}{row['recall']:>9}"
        f"{row['recall_of_shared_kinds']:>9}{row['false_positives_per_document']:>9}   {missed}"
    )


def _slipway() -> Callable[[str], Found]:
    """Ours is measured whole: found, overlaps resolved, replaced and counted. What was found is asked once more."""
    from slipway_runtime.prepare.redact.redact import Redact  # noqa: PLC0415
    from slipway_runtime.prepare.redact.span import STRENGTH, resolve  # noqa: PLC0415

    rule = Redact(kinds=frozenset(STRENGTH) - {"name"})
    _slipway.timed = rule.rewrite  # type: ignore[attr-defined]
    return lambda text: [(start, end) for start, end, _ in resolve(rule._find(text))]


def _presidio() -> Callable[[str], Found]:
    import spacy  # noqa: PLC0415
    from presidio_analyzer import AnalyzerEngine  # noqa: PLC0415
    from presidio_analyzer.nlp_engine import SpacyNlpEngine  # noqa: PLC0415

    class Blank(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
            self.nlp = {"en": spacy.blank("en")}

        def load(self) -> None:
            """There is nothing to load."""

    engine = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])
    return lambda text: [(each.start, each.end) for each in engine.analyze(text, language="en", entities=ENTITIES)]


def _scrubadub() -> Callable[[str], Found]:
    import scrubadub  # noqa: PLC0415

    scrubber = scrubadub.Scrubber()
    return lambda text: [(filth.beg, filth.end) for filth in scrubber.iter_filth(text)]


CONTENDERS = {"slipway": _slipway, "presidio": _presidio, "scrubadub": _scrubadub}


def _one(name: str, documents: int) -> dict[str, Any]:
    texts = corpus(documents)
    find = CONTENDERS[name]()
    timed = getattr(CONTENDERS[name], "timed", find)
    timed(texts[0].text)  # what is built at the first call is not counted
    begin = time.process_time()
    for each in texts:
        timed(each.text)
    seconds = time.process_time() - begin
    size = sum(len(each.text.encode()) for each in texts) / 1e6
    return {"name": name, "megabytes_per_second": round(size / seconds, 2), **_score(texts, find)}


def _score(texts: list[Document], find: Callable[[str], Found]) -> dict[str, Any]:
    values: dict[str, int] = {}
    missed: dict[str, int] = {}
    false = 0
    for each in texts:
        found = find(each.text)
        covered = {at for start, end in found for at in range(start, end)}
        truth: set[int] = set()
        for kind, value in each.truth:
            start = each.text.index(value)
            place = range(start, start + len(value))
            truth.update(place)
            values[kind] = values.get(kind, 0) + 1
            missed[kind] = missed.get(kind, 0) + any(each.text[at].isalnum() and at not in covered for at in place)
        false += sum(truth.isdisjoint(range(start, end)) for start, end in found)
    return {
        "recall": _recall(values, missed, tuple(values)),
        "recall_of_shared_kinds": _recall(values, missed, SHARED),
        "false_positives_per_document": round(false / len(texts), 4),
        "missed": {kind: number for kind, number in sorted(missed.items()) if number},
    }


def _recall(values: dict[str, int], missed: dict[str, int], kinds: tuple[str, ...]) -> float:
    return round(1 - sum(missed[kind] for kind in kinds) / sum(values[kind] for kind in kinds), 4)


def main() -> None:
    """Print the figures, or with --one those of one contender as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=800, help="documents of the corpus (default 800)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender (default 3)")
    parser.add_argument("--peers", help="the Python that has presidio and scrubadub")
    parser.add_argument("--one", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(_one(arguments.one, arguments.documents)))
        return
    rows = measure(arguments.documents, arguments.runs, arguments.peers)
    print(f"redact ({arguments.documents} documents, load {os.getloadavg()[0]:.1f})", *lines(rows), sep="\n")


if __name__ == "__main__":
    main()
