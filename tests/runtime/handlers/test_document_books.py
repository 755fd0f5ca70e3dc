"""A mixed set of known truth through the document path, one event each: every document is accounted for once."""

import json
from collections import Counter
from typing import Any

import pytest

from slipway_runtime.handlers import ingest_document
from support.corpus import RULES, mixed
from support.near_world import near_world

DOCUMENTS, COPIES = 90, 8


@pytest.mark.capability("D4")
@pytest.mark.capability("D10")
def test_what_came_in_is_what_is_kept_rejected_and_left_out(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RULES", json.dumps(RULES))
    world = near_world(cloud, monkeypatch)
    ingest_document._lifecycle.cache_clear()
    cases = mixed(DOCUMENTS, office=4, bad=1, copies=COPIES)
    for at in range(0, len(cases), 10):
        world.ingest(*(cloud.put(case.key, case.data) for case in cases[at : at + 10]))

    keyed = [case for case in cases if case.code != "invalid_key"]
    fates = Counter(world.status(case.key) for case in keyed)
    rejects = Counter(note["code"] for note in cloud.rejects())
    assert len(cases) == fates["indexed"] + fates["duplicate"] + rejects.total() == DOCUMENTS
    assert rejects == Counter(case.code for case in cases if case.code)
    assert {note["key"] for note in cloud.rejects()} == {case.key for case in cases if case.code}
    assert {case.key for case in keyed if world.status(case.key) == "duplicate"} == {
        case.key for case in cases if case.repeats
    }
    kept = [case.key for case in cases if not case.code and not case.repeats]
    assert world.kept(*(case.key for case in keyed)) == kept
