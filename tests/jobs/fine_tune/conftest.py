"""Jobs of one file share the process that has imported torch."""

from collections.abc import Iterator

import pytest

from support.training import HAS_TORCH, Trainers, trainers


@pytest.fixture(scope="module", name="trainers")
def forking_trainers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trainers]:
    if not HAS_TORCH:
        pytest.skip("torch is not installed; `make torch`")
    with trainers(tmp_path_factory.mktemp("trainers")) as found:
        yield found
