"""Through the function into the store: attributes filter, descriptions are found, chunks know their parents."""

from typing import Any

import pytest

from slipway_runtime import parts, parts_of_stores
from slipway_runtime.handlers import ingest_document
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.keys import document_id
from slipway_runtime.retrieve.filters import parse
from slipway_runtime.retrieve.stores.contract import Query
from slipway_runtime.retrieve.tokens.choose import tokenizer

pytestmark = pytest.mark.capability("R7")
BODY = "# Codes\n\n" + "The unit shows E17 on its panel, then it stops until somebody presses the button. " * 12
FRONT = "---\ndescription: {about}\ntags: [{tag}]\ndate: {date}\n---\n"


def put(cloud: Any, name: str, about: str, tag: str, date: str) -> None:
    front = FRONT.format(about=about, tag=tag, date=date)
    assert cloud.ingest(cloud.put(f"default/{name}", front + BODY)) == []


def ids(hits: list[Any]) -> set[str]:
    return {hit.path for hit in hits}


def test_chunks_are_filtered_by_what_the_document_says_and_found_by_its_description(cloud: Any) -> None:
    put(cloud, "a.md", "How to claim the warranty of a broken heat pump", "pumps", "2026-02-01")
    put(cloud, "b.md", "How to bake bread in a stone oven", "bread", "2025-02-01")
    store, soon = parts_of_stores.store(), Deadline.after(60)
    [vector] = parts.embedder().embed(["warranty claim for a heat pump"], soon, "query")
    found = store.search(Query(tenant="default", vector=vector, mode="vector", limit=20), soon)
    best = {path: max(hit.score for hit in found if hit.path == path) for path in ids(found)}
    assert best["a.md"] > best["b.md"] + 0.1

    def kept(**comparison: Any) -> set[str]:
        wanted = parse(comparison)
        hits = store.search(Query(tenant="default", vector=vector, mode="vector", limit=20, filter=wanted), soon)
        assert len(hits) == store.count("default", soon, wanted)
        return ids(hits)

    assert kept(type="eq", key="tags", value="pumps") == {"a.md"}
    assert kept(type="gte", key="date", value=1_750_000_000) == {"a.md"}
    assert kept(type="eq", key="media_type", value="text/markdown") == {"a.md", "b.md"}
    assert kept(type="eq", key="language", value="de") == set()


def test_chunks_in_tokens_keep_their_budget_and_know_their_parents(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUNK_MAX_TOKENS", "64")
    monkeypatch.setenv("CHUNK_OVERLAP_TOKENS", "8")
    monkeypatch.setenv("CHUNK_PARENT_CHARACTERS", "5000")
    ingest_document._lifecycle.cache_clear()
    put(cloud, "c.md", "d", "t", "2026-02-01")
    rows = cloud.data_api.execute(
        "SELECT content, start_offset, end_offset, parent_start, parent_end FROM slipway.chunks "
        "WHERE document_id = :id ORDER BY ordinal",
        {"id": document_id("default/c.md")},
    )
    text = cloud.curated("default/c.md")["text"]
    assert len(rows) > 5
    for content, start, end, parent_start, parent_end in rows:
        assert tokenizer("estimate").count(content) <= 64
        assert text[start:end] == content
        assert (parent_start, parent_end) == (0, len(text.rstrip()))
    [(rules,)] = cloud.data_api.execute("SELECT DISTINCT rules FROM slipway.chunks")
    assert "/chunk-64-8-estimate-parent-5000/" in rules
