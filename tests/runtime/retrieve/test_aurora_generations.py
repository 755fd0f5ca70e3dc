"""Generations of the Aurora store, each in its own schema of a real PostgreSQL."""

from collections.abc import Iterator

import pytest

from slipway_runtime.retrieve.stores.aurora import schema
from slipway_runtime.retrieve.stores.aurora.store import AuroraStore
from support.database import database
from support.generation_contract import Generation, GenerationContract


class TestAuroraGenerations(GenerationContract):
    @pytest.fixture
    def generation(self, served_data_api) -> Iterator[Generation]:
        api = database(served_data_api)

        def drop() -> None:
            for number in (1, 2):
                AuroraStore(api=api, generation=number)._execute(schema.DROP)

        drop()
        yield lambda number: AuroraStore(api=api, generation=number, exact_up_to_chunks=1)
        drop()


@pytest.mark.capability("R7")
def test_only_a_number_can_name_a_schema() -> None:
    assert schema.named("SELECT slipway.f('slipway.chunks')", 1) == "SELECT slipway.f('slipway.chunks')"
    assert schema.named("SELECT slipway.f('slipway.chunks')", 12) == "SELECT slipway_g12.f('slipway_g12.chunks')"
    with pytest.raises(ValueError, match="expected a whole number from 1"):
        schema.named("SELECT 1", 0)
