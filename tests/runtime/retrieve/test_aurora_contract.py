"""The contract of stores on a real PostgreSQL with pgvector, through the Data API over HTTP."""

from collections.abc import Iterator

import pytest

from slipway_runtime.retrieve.stores import schema
from slipway_runtime.retrieve.stores.aurora import AuroraStore
from support.store_contract import DIMENSIONS, StoreContract, soon


class TestAurora(StoreContract):
    @pytest.fixture
    def store(self, served_data_api) -> Iterator[AuroraStore]:
        made = AuroraStore(api=served_data_api.database())
        if made.api.execute(schema.DIMENSIONS) not in ([], [(DIMENSIONS,)]):
            made.api.execute("DROP SCHEMA slipway CASCADE")
        made.migrate(DIMENSIONS, soon())
        yield made
        made.api.execute("TRUNCATE slipway.chunks, slipway.documents")
