"""The local OpenSearch Serverless, for the tests of one file."""

from collections.abc import Iterator

import pytest

from slipway_runtime.retrieve.stores.opensearch import client
from support import opensearch


@pytest.fixture(scope="module")
def local_opensearch() -> Iterator[opensearch.LocalOpenSearch]:
    with pytest.MonkeyPatch.context() as patch, opensearch.local_opensearch() as served:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "local")
        patch.delenv("AWS_SESSION_TOKEN", raising=False)
        client.session.cache_clear()
        yield served
        client.session.cache_clear()
