"""The gateway under generated requests: whatever is sent, there is no 500 and each answer is as described.

The description is the one that the gateway serves of itself.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from openai import OpenAI
from schemathesis import checks

from slipway_constructs.api_routes import CHAT, ROUTES

pytestmark = pytest.mark.capability("S7")
SERVED = ("fast", "default", "embedding", "nothing")
BEHIND_PROXIES = """\
GET /v1/prompts/{name}
GET /v1/prompts/{name}/versions
GET /v1/prompts/{name}/versions/{at}
GET /v1/prompts/{name}/diff
GET /v1/prompts/{name}/audit
POST /v1/prompts/{name}/versions
POST /v1/prompts/{name}/render
PUT /v1/prompts/{name}/labels/{label}
POST /v1/prompts/{name}/labels/{label}/rollback
GET /v1/prompt-examples/{name}/versions
GET /v1/prompt-examples/{name}/versions/{at}
POST /v1/prompt-examples/{name}/versions
GET /v1/prompt-experiments/{id}
PUT /v1/prompt-experiments/{id}/weights
POST /v1/prompt-experiments/{id}/events
POST /v1/prompt-experiments/{id}/end"""
# A generated text is never an alias: then all requests would end at a 404.
MODELS = st.sampled_from(SERVED)


def test_the_description_is_one_and_names_every_path(openai_client: OpenAI) -> None:
    from openapi_spec_validator import validate

    described: Any = openai_client.get("/openapi.json", cast_to=object)
    validate(described)
    assert {(verb.upper(), path) for path, verbs in described["paths"].items() for verb in verbs} == set(_described())


def _described() -> Iterator[tuple[str, str]]:
    """Every route of the API; those behind `{proxy+}` are the function's own, and named in its documentation."""
    for route in (*CHAT, *(route for routes in ROUTES.values() for route in routes)):
        if "{proxy+}" not in route.path:
            yield route.verb, f"/v1/{route.path}"
    yield from (tuple(line.split()) for line in BEHIND_PROXIES.splitlines())


def test_no_request_is_a_500(dev: dict[str, Any], openai_client: OpenAI) -> None:
    described: Any = openai_client.get("/openapi.json", cast_to=object)
    schema = schemathesis.openapi.from_dict(described)
    headers = {"Authorization": f"Bearer {dev['api_key']}"}
    root = dev["gateway_url"].removesuffix("/v1")
    statuses: set[int] = set()
    for operation in schema.get_all_operations():

        @settings(
            max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
        )
        @schemathesis_given(operation.ok())
        def probe(case: Any, model: str) -> None:
            if isinstance(case.body, dict) and "model" in case.body:
                case.body["model"] = model
            response = case.call(base_url=root, headers=headers)
            statuses.add(response.status_code)
            case.validate_response(
                response,
                checks=[
                    checks.not_a_server_error,
                    checks.response_schema_conformance,
                    checks.status_code_conformance,
                    checks.content_type_conformance,
                ],
            )

        probe()
    assert {200, 400, 404} <= statuses


def schemathesis_given(operation: Any) -> Any:
    """Return hypothesis' `given` for an operation's requests, right and wrong ones, and an alias."""
    from hypothesis import given
    from schemathesis import GenerationMode

    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    return given(case=st.one_of(right, wrong), model=MODELS)
