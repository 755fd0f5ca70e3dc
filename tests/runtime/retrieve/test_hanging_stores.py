"""A service that takes the connection and never answers is given up at the deadline, in every store."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from slipway_runtime.operate.clients import client
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.retrieve.stores.aurora.data_api import DataApi
from slipway_runtime.retrieve.stores.aurora.store import AuroraStore
from slipway_runtime.retrieve.stores.contract import Query, StoreUnavailable
from slipway_runtime.retrieve.stores.kendra.service import Index
from slipway_runtime.retrieve.stores.opensearch.client import Collection, Uncertain
from slipway_runtime.retrieve.stores.s3_vectors.service import VectorBucket

pytestmark = pytest.mark.capability("R6")
ARN = "arn:aws:rds:eu-west-1:123456789012:cluster:x"
SECONDS = 0.5


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that accepts and says nothing, which all AWS clients take for theirs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    accepted.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        for name, value in {"ENDPOINT_URL": url, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        client.cache_clear()
        yield url
        client.cache_clear()
        for each in accepted:
            each.close()


def aurora(_: str, deadline: Deadline) -> object:
    api = DataApi(client=client("rds-data"), cluster_arn=ARN, secret_arn=ARN, database="d")
    return AuroraStore(api=api).search(Query(tenant="a", text="x", mode="keyword"), deadline)


def kendra(_: str, deadline: Deadline) -> object:
    return Index(client=client("kendra"), index_id="0" * 36).find("x", {}, deadline)


def opensearch(url: str, deadline: Deadline) -> object:
    return Collection(endpoint=url, region="eu-west-1").ask("POST", "chunks/_search", {}, deadline=deadline)


def s3_vectors(_: str, deadline: Deadline) -> object:
    return VectorBucket(client=client("s3vectors"), name="bucket").query("tenant", {"topK": 5}, deadline)


@pytest.mark.parametrize("ask", [aurora, kendra, opensearch, s3_vectors])
def test_it_is_unavailable_at_the_deadline(silent: str, ask: Callable[[str, Deadline], object]) -> None:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="did not answer in time: TimeoutError"):
        ask(silent, Deadline.after(SECONDS))

    # The clients' own patience is 60 seconds.
    assert time.monotonic() - began < 30


def test_a_write_whose_answer_never_came_is_uncertain(silent: str) -> None:
    with pytest.raises(Uncertain):
        Collection(endpoint=silent, region="eu-west-1").bulk("_bulk", b"{}\n", deadline=Deadline.after(SECONDS))
