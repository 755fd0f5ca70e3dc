"""Cutting documents: ours, langchain-text-splitters by characters and by tokens, over one generated Markdown corpus.

Every contender gets one budget of 1,200 characters with 150 of overlap; langchain's token splitter, which counts 300
tokens of the same text instead, is given for what a budget in tokens costs. Structure kept: the share of headings,
tables and code blocks that some chunk holds whole. Over sections: chunks that hold
the text of one section and the heading of the next.
Units: MB (10^6 bytes of UTF-8) per second of CPU time.
"""

import random
import re
from typing import Any

from _prepare.peers import best_of

OURS = "slipway"
PEERS = {"langchain_markdown": 2.0, "langchain_recursive": 2.0, "langchain_tokens": 2.0}
OVER_A_HEADING = re.compile(r"(?m)^[^#\n].*\n+(?:#{1,3} )")


def corpus(documents: int, seed: int = 3) -> list[str]:
    """Return Markdown documents of about 12,000 characters: headings, prose, lists, tables and code."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("etaoinshrdlcumwfgypbvk", k=rng.randint(2, 9))) for _ in range(5_000)]

    def sentence() -> str:
        return " ".join(rng.choices(words, k=rng.randint(6, 20))).capitalize() + "."

    def block() -> str:
        kind = rng.random()
        if kind < 0.12:
            rows = (f"| {rng.choice(words)} | {rng.randint(1, 999)} |" for _ in range(rng.randint(3, 9)))
            return "\n".join(("| name | value |", "| --- | --- |", *rows))
        if kind < 0.22:
            return "\n".join(("```", *(f"{rng.choice(words)} = {rng.choice(words)}()" for _ in range(6)), "```"))
        if kind < 0.32:
            return "\n".join(f"- {sentence()}" for _ in range(4))
        return " ".join(sentence() for _ in range(rng.randint(2, 9)))

    def section(level: int) -> str:
        return "\n\n".join((f"{'#' * level} {' '.join(rng.choices(words, k=3))}", *(block() for _ in range(5))))

    return ["\n\n".join(section(rng.randint(1, 3)) for _ in range(6)) for _ in range(documents)]


def measure(documents: int, runs: int) -> list[dict[str, Any]]:
    """Return a result for each contender."""
    texts = corpus(max(50, documents // 20))
    best = best_of("chunks", OURS, PEERS, texts, runs)
    size = sum(len(text.encode()) for text in texts) / 1e6
    fastest = size / best[OURS]["cpu_seconds"]
    return [_row(name, result, texts, size, fastest) for name, result in best.items()]


def _row(name: str, result: dict[str, Any], texts: list[str], size: float, ours: float) -> dict[str, Any]:
    speed = size / result["cpu_seconds"]
    row = {
        "name": name,
        "megabytes_per_second": round(speed, 1),
        "chunks": sum(map(len, result["found"])),
        "longest_characters": max(len(piece) for pieces in result["found"] for piece in pieces),
        "structure_kept": round(_kept(texts, result["found"]), 4),
        "over_sections": sum(
            OVER_A_HEADING.search(piece) is not None for pieces in result["found"] for piece in pieces
        ),
    }
    return row if name == OURS else {**row, "ratio": round(ours / speed, 1), "goal": PEERS[name]}


def _kept(texts: list[str], found: list[list[str]]) -> float:
    """Return the share of tables, code blocks and headings that some chunk holds whole."""
    whole = total = 0
    for text, pieces in zip(texts, found, strict=True):
        joined = "\0".join(pieces)
        blocks = [block for block in text.split("\n\n") if block.startswith(("|", "```", "#"))]
        total += len(blocks)
        whole += sum(block in joined for block in blocks)
    return whole / total


def lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return the results as text."""
    head = f"{'':20}{'MB/s':>8}{'ratio':>8}{'goal':>7}{'chunks':>9}{'longest':>9}"
    return [f"{head}{'structure kept':>16}{'over sections':>15}", *map(_line, rows)]


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['name']:20}{row['megabytes_per_second']:>8}{row.get('ratio', ''):>8}{row.get('goal', '-'):>7}"
        f"{row['chunks']:>9}{row['longest_characters']:>9}{row['structure_kept']:>16}{row['over_sections']:>15}"
    )
