"""The contract of stores on the local OpenSearch Serverless, with its late refresh, over signed HTTP."""

from collections.abc import Iterator

import pytest

from slipway_runtime.retrieve.stores.contract import VectorStore
from support.opensearch import LocalOpenSearch
from support.store_contract import StoreContract
from support.store_values import DIMENSIONS, soon
from support.waiting import wait_for


@pytest.mark.capability("R2")
class TestOpenSearch(StoreContract):
    opensearch: LocalOpenSearch

    @pytest.fixture
    def store(self, local_opensearch: LocalOpenSearch) -> Iterator[VectorStore]:
        self.opensearch = local_opensearch
        local_opensearch.service.behave(refresh_seconds=0.05)
        made = local_opensearch.store()
        made.migrate(DIMENSIONS, soon())
        yield made

    def settle(self, store: VectorStore) -> None:
        assert wait_for(self.opensearch.service.settled, seconds=10)
