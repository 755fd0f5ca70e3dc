"""A batch of the map: what time is too short for comes back as a batch."""

import json

import pytest

from slipway_runtime.corpus.storage import Bucket
from slipway_runtime.handlers import curate_batch

pytestmark = pytest.mark.capability("D8")
KEYS = [f"acme/{at}.md" for at in range(3)]


class Context:
    """An invocation that has so many seconds left."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "x"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def test_a_batch_is_done_in_as_many_calls_as_it_needs_and_each_document_once(cloud, monkeypatch) -> None:
    monkeypatch.setenv("OCR", "")
    for key in KEYS:
        cloud.put(key, f"The pump of {key} leaks.")
    batch = {"BatchInput": {"run_id": "trial", "date": "2026-11-21"}, "Items": [{"Key": key} for key in KEYS]}

    first = curate_batch.handler(batch, Context(60))
    assert json.loads(json.dumps(first)) == {"documents": 1, **batch, "Items": batch["Items"][1:]}
    assert curate_batch.handler(batch, Context(60)) == first, "doing it again changes nothing"
    assert curate_batch.handler(first, Context(900)) == {"documents": 2}

    parts = Bucket(client=cloud.s3, name="curated-bucket").keys("corpus-staged/trial/index/")
    assert len(parts) == 2
