"""A batch of the queue: what changed is copied once, one job is started, and while one runs all of it comes again."""

import json
from typing import Any

import pytest

from slipway_runtime.handlers import sync_knowledge_base
from slipway_runtime.retrieve.knowledge_base.documents import curated_names
from slipway_runtime.retrieve.knowledge_base.ingestion import IngestionBusy

pytestmark = pytest.mark.capability("R5")


class Recorded:
    """Documents and jobs at once: says what it was asked to do, in order."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.busy = False

    def bring(self, tenant: str, document_id: str) -> bool:
        self.asked.append((tenant, document_id))
        return True

    def start(self) -> str:
        if self.busy:
            raise IngestionBusy("ingestion job J is IN_PROGRESS")
        self.asked.append("job")
        return "J"


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    made = Recorded()
    monkeypatch.setattr(sync_knowledge_base, "_documents", lambda: made)
    monkeypatch.setattr(sync_knowledge_base, "_ingestion", lambda: made)
    return made


def batch(*keys: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html"""
    bodies = [json.dumps({"detail-type": "Object Created", "detail": {"object": {"key": key}}}) for key in keys]
    return {"Records": [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]}


def test_each_document_is_copied_once_and_then_a_job_is_started(recorded: Recorded, context: Any) -> None:
    event = batch("curated/acme/b.json", "curated/acme/a.json", "curated/acme/b.json")

    assert sync_knowledge_base.handler(event, context) == {"batchItemFailures": []}
    assert recorded.asked == [("acme", "a"), ("acme", "b"), "job"]


def test_while_a_job_runs_every_message_comes_again(recorded: Recorded, context: Any) -> None:
    recorded.busy = True

    answer = sync_knowledge_base.handler(batch("curated/acme/a.json", "curated/acme/b.json"), context)

    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == ["0", "1"]


def test_what_is_no_curated_document_starts_nothing(recorded: Recorded, context: Any) -> None:
    event = batch("knowledge_base/acme/a.txt", "curated/acme/a.txt", "curated/x/y/z.json", "recognised/acme/a.json")

    assert sync_knowledge_base.handler(event, context) == {"batchItemFailures": []}
    assert recorded.asked == []
    assert curated_names("curated/acme/doc.1.json") == ("acme", "doc.1")
