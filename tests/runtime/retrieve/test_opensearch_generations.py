"""Generations of the OpenSearch store, each an index of one collection of the local OpenSearch Serverless."""

import uuid
from dataclasses import replace

import pytest

from slipway_runtime.retrieve.stores.contract import GenerationStore
from slipway_runtime.retrieve.stores.guard import Guards
from slipway_runtime.retrieve.stores.opensearch.store import OpenSearchStore
from support.generation_contract import Generation, GenerationContract
from support.opensearch import TABLE, LocalOpenSearch
from support.waiting import wait_for


class TestOpenSearchGenerations(GenerationContract):
    opensearch: LocalOpenSearch

    @pytest.fixture
    def generation(self, local_opensearch: LocalOpenSearch) -> Generation:
        self.opensearch = local_opensearch
        local_opensearch.service.behave(refresh_seconds=0.05)
        first, kind = local_opensearch.store(), uuid.uuid4().hex

        def made(number: int) -> OpenSearchStore:
            collection = replace(first.collection, index=f"chunks-g{number}")
            guards = Guards(client=first.guards.client, table=TABLE, kind=f"{kind}-g{number}")
            writer = replace(first.writer, collection=collection)
            return replace(first, collection=collection, guards=guards, writer=writer, known={})

        return made

    def settle(self, store: GenerationStore) -> None:
        assert wait_for(self.opensearch.service.settled, seconds=10)
