"""The contract of stores on a real PostgreSQL with pgvector, through the Data API over HTTP."""

from collections.abc import Iterator

import pytest

from slipway_runtime.retrieve.stores.aurora import schema
from slipway_runtime.retrieve.stores.aurora.store import AuroraStore
from support.database import database
from support.store_contract import StoreContract
from support.store_values import DIMENSIONS, soon


class TestAurora(StoreContract):
    @pytest.fixture
    def store(self, served_data_api) -> Iterator[AuroraStore]:
        made = AuroraStore(api=database(served_data_api))
        if made.api.execute(schema.DIMENSIONS) not in ([], [(DIMENSIONS,)]):
            made.api.execute("DROP SCHEMA slipway CASCADE")
        made.migrate(DIMENSIONS, soon())
        yield made
        made.api.execute("TRUNCATE slipway.chunks, slipway.documents, slipway.large_tenants")


class TestAuroraWithAnIndexForEveryTenant(TestAurora):
    """Large tenants are searched in another way, which has to mean the same."""

    @pytest.fixture
    def store(self, served_data_api) -> Iterator[AuroraStore]:
        made = AuroraStore(api=database(served_data_api), exact_up_to_chunks=1)
        made.api.execute("DROP SCHEMA IF EXISTS slipway CASCADE")
        made.migrate(DIMENSIONS, soon())
        yield made
        made.api.execute("DROP SCHEMA slipway CASCADE")
