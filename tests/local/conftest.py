"""The two local services over HTTP, once for all tests of this folder."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from typing import Any

import pytest

from slipway_local.aws import Place
from slipway_local.bedrock import Bedrock, BedrockControl, BedrockRuntime, Guardrails
from slipway_local.postgres_pool import is_alive
from slipway_local.serving import serve
from support.fake_model import FakeModel
from support.guardrails import BLOCKED
from support.served import CLUSTER_ARN, ServedDataApi, client, serve_data_api


@pytest.fixture(scope="session")
def data_api() -> Iterator[ServedDataApi]:
    """A cluster `slipway-test` with the database `slipway` behind the Data API."""
    with serve_data_api() as served:
        yield served


@pytest.fixture
def cluster(data_api: ServedDataApi) -> Any:
    """The cluster of `data_api`."""
    return data_api.postgres.find(CLUSTER_ARN)


@pytest.fixture
def kill_server(data_api: ServedDataApi) -> Any:
    """A function that kills the cluster's server with SIGKILL and returns when its sessions are gone too."""

    def kill() -> None:
        folder = data_api.postgres._directory / "slipway-test" / "data"
        os.kill(int((folder / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        idle = [connection for kept in data_api.postgres._pool._idle.values() for connection in kept]
        deadline = time.monotonic() + 10
        while any(map(is_alive, idle)):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    return kill


@pytest.fixture(scope="session")
def rds(data_api: ServedDataApi) -> Any:
    """A boto3 `rds-data` client of `data_api`."""
    return data_api.client()


@pytest.fixture
def run(rds: Any, data_api: ServedDataApi) -> Any:
    """A function that runs one statement with parameters."""

    def run(sql: str, *parameters: dict[str, Any], **options: Any) -> Any:
        return rds.execute_statement(**data_api.target, sql=sql, parameters=list(parameters), **options)

    return run


@pytest.fixture
def table(run: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of an empty table (n bigint PRIMARY KEY, s text), one for each test."""
    name = f"t_{abs(hash(request.node.name)) % 10**9}"
    run(f"CREATE TABLE public.{name} (n bigint PRIMARY KEY, s text)")
    yield name
    run(f"DROP TABLE IF EXISTS {name}")


@pytest.fixture(scope="session")
def bedrock_app() -> BedrockRuntime:
    """The local Bedrock with the extractive stand-in."""
    return BedrockRuntime()


@pytest.fixture(scope="session")
def bedrock(bedrock_app: BedrockRuntime) -> Iterator[Any]:
    """A boto3 `bedrock-runtime` client of `bedrock_app`."""
    with serve(bedrock_app) as url:
        yield client("bedrock-runtime", url)


@pytest.fixture(scope="session")
def make_client() -> Any:
    """`client(service, url)`, for tests that serve an application of their own."""
    return client


@pytest.fixture(scope="session")
def bedrock_url(bedrock_app: BedrockRuntime) -> Iterator[str]:
    """A Bedrock of runtime and control plane; what neither serves fails."""
    place = Place(endpoint_url="")

    def rest(environ: Any, start_response: Any) -> Any:
        raise AssertionError(environ["PATH_INFO"])

    guardrails = Guardrails(place)
    runtime = BedrockRuntime(guardrails=guardrails)
    runtime.embedder = bedrock_app.embedder
    with serve(Bedrock(runtime, BedrockControl(guardrails), rest, rest, rest)) as served:
        yield served


@pytest.fixture
def control(bedrock_url: str, make_client: Any) -> Any:
    """A boto3 `bedrock` client of `bedrock_url`."""
    return make_client("bedrock", bedrock_url)


@pytest.fixture
def runtime(bedrock_url: str, make_client: Any) -> Any:
    """A boto3 `bedrock-runtime` client of `bedrock_url`."""
    return make_client("bedrock-runtime", bedrock_url)


@pytest.fixture
def guardrail(control: Any) -> Iterator[Callable[..., str]]:
    """Make a guardrail of these policies and return its id."""
    made: list[str] = []

    def make(**policies: Any) -> str:
        answer = control.create_guardrail(name=f"guard-{len(made)}", **BLOCKED, **policies)
        made.append(answer["guardrailId"])
        return made[-1]

    yield make
    for one in made:
        control.delete_guardrail(guardrailIdentifier=one)


@pytest.fixture
def model() -> Iterator[tuple[type[FakeModel], str]]:
    handler = type("Handler", (FakeModel,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield handler, f"http://localhost:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def through(model, make_client):
    with serve(BedrockRuntime(model_url=model[1] + "/", model_key="k3y")) as url:
        yield make_client("bedrock-runtime", url)
