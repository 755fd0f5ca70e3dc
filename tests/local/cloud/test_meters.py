"""The gateway with tenants, prompts, quotas, ledger and feedback as it is deployed: over HTTP, policies enforced.

A test's own model server stands behind the aliases. Lambda authorizers and the paths that their policies allow:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import openai
import pytest
import urllib3
from openai import OpenAI

from slipway_local import cloud, remote
from slipway_runtime.operate import rows
from slipway_runtime.operate.meter.entry import day_of
from slipway_runtime.operate.meter.ledger import Ledger
from slipway_runtime.operate.rows import Table
from slipway_runtime.operate.tenants import Tenants
from support.meters import up
from support.model_server import ModelServer, model_server
from support.prompts import Api

ASK: list[Any] = [{"role": "user", "content": "Count to three."}]


class Place(NamedTuple):
    api: Api
    model: ModelServer
    meters: Table
    tenants: Tenants
    state: Path

    def client(self, key: str = "") -> OpenAI:
        return OpenAI(base_url=self.api.target.gateway_url, api_key=key or self.api.target.api_key, max_retries=0)

    def limit(self, tenant: str, **limits: int) -> None:
        self.meters.write(rows.put({"subject": f"{tenant}#quota", "item": "limits", "body": json.dumps(limits)}))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    state = tmp_path_factory.mktemp("meters") / "state"
    with model_server() as model:
        target = up(state, model.url)
        tables = [
            Table(client=target.client("dynamodb"), name=target.parameter(f"foundation/{name}-table-name"))
            for name in ("meters", "tenants")
        ]
        yield Place(Api(target), model, tables[0], Tenants(table=tables[1]), state)
        denied = {one["role"]: one["denied"] for one in cloud.permissions(state)["roles"] if one["denied"]}
        cloud.down(state)
        assert denied == {}


def made(place: Place, name: str, **more: Any) -> None:
    message = {"role": "user", "content": "Greet {{whom}}"}
    body = {
        "prompt": {"messages": [{"role": "system", "content": "Be kind."}, message], "variables": {"whom": {}}, **more}
    }
    place.api.ok("POST", f"/prompts/{name}/versions", body)
    place.api.ok("PUT", f"/prompts/{name}/labels/production", {"version": 1})


@pytest.mark.capability("P1")
@pytest.mark.capability("P10")
def test_a_request_that_names_a_prompt_is_answered_recorded_and_judged(place: Place) -> None:
    made(place, "greet", model="other", parameters={"temperature": 0.5, "max_tokens": 9})
    wish = {"slipway": {"prompt": "greet@production", "variables": {"whom": "Ann"}}}
    answer: Any = place.client().chat.completions.create(
        model="tiny", messages=[], user="u1", temperature=0.1, extra_body=wish
    )
    asked = place.model.asked[-1]
    system, user = (each["content"] for each in asked["messages"])
    assert system.startswith("Be kind.\n(Internal reference "), "the canary of the guardrails"
    assert user == "Greet Ann"
    assert (asked["temperature"], asked.get("max_tokens") or asked.get("max_completion_tokens")) == (0.1, 9)
    assert answer.slipway["prompt"] == {"name": "greet", "version": 1, "label": "production"}

    given = {"request_id": answer.id, "thumbs": "down", "correction": "Hello Ann", "user": "u1"}
    told = place.api.ok("POST", "/feedback", given)
    about = told["about"]
    assert (about["prompt"], about["prompt_label"], about["alias"]) == ("greet@1", "production", "other")
    assert about["model"].endswith("#tiny")
    assert (about["input_tokens"], about["output_tokens"]) == (7, 3)
    assert about["cost_dollars"] == pytest.approx((7 * 1 + 3 * 2) / 1e6)
    assert place.api.ok("POST", "/feedback", given) == told, "the same again changes nothing"
    [kept] = [each for each in place.api.ok("GET", "/feedback")["data"] if each["request_id"] == answer.id]
    assert kept["content"]["answer"] == "One two three"
    assert [each["content"] for each in kept["content"]["messages"]] == ["Be kind.", "Greet Ann"]


@pytest.mark.capability("P10")
def test_feedback_needs_a_request_of_the_tenant_and_something_to_say(place: Place) -> None:
    _, secret = place.tenants.create("mallory")
    answer = place.client().chat.completions.create(model="tiny", messages=ASK)
    with pytest.raises(openai.NotFoundError):
        place.client(secret).post("/feedback", body={"request_id": answer.id, "thumbs": "up"}, cast_to=object)
    for body, status in (
        ({"request_id": answer.id}, 400),
        ({"request_id": answer.id, "rating": 6}, 400),
        ({"request_id": "chatcmpl-x", "rating": 5}, 404),
        ({"request_id": answer.id, "rating": 5, "stars": 1}, 400),
    ):
        assert place.api.call("POST", "/feedback", body)[0] == status, body


@pytest.mark.capability("P3")
@pytest.mark.capability("P10")
def test_feedback_counts_in_the_experiment_that_the_request_was_part_of(place: Place) -> None:
    made(place, "tried")
    other = {"prompt": {"messages": [{"role": "user", "content": "Hail {{whom}}"}], "variables": {"whom": {}}}}
    place.api.ok("POST", "/prompts/tried/versions", other)
    plan = {"prompt": "tried", "label": "production", "arms": [{"version": 2}], "metric": {"name": "thumbs"}}
    started = place.api.ok("POST", "/prompt-experiments", plan)
    wish = {"slipway": {"prompt": "tried", "variables": {"whom": "Ann"}}}
    answer = place.client().chat.completions.create(model="tiny", messages=[], user="u7", extra_body=wish)
    body = {"request_id": answer.id, "thumbs": "up", "user": "u7"}
    assert place.api.ok("POST", "/feedback", body)["experiment_counted"] == {"thumbs": "counted"}
    assert place.api.ok("POST", "/feedback", body)["experiment_counted"] == {"thumbs": "duplicate"}
    place.api.ok("POST", f"/prompt-experiments/{started['id']}/end", {})


@pytest.mark.capability("S8")
def test_a_tenant_has_keys_scopes_and_a_quota_of_its_own(place: Place) -> None:
    key, secret = place.tenants.create("acme", ("chat",))
    place.limit("acme", requests_per_day=2)
    client = place.client(secret)
    raw = client.chat.completions.with_raw_response.create(model="tiny", messages=ASK)
    assert raw.headers["x-ratelimit-remaining-requests"] == "1"
    chunks = list(client.chat.completions.create(model="tiny", messages=ASK, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "One two three"
    with pytest.raises(openai.RateLimitError) as refused:
        client.chat.completions.create(model="tiny", messages=ASK)
    assert refused.value.code == "rate_limit_exceeded"
    assert int(refused.value.response.headers["retry-after"]) > 0
    with pytest.raises(openai.PermissionDeniedError) as outside:
        client.get("/usage", cast_to=object)
    assert (outside.value.code, outside.value.type) == ("insufficient_permissions", "permission_error")
    place.tenants.end("acme", key.id)
    assert place.tenants.find(secret) is None
    assert secret not in json.dumps(list(place.tenants.table.query("tenant#acme")))


@pytest.mark.capability("S8")
@pytest.mark.capability("O7")
def test_many_clients_at_once_stay_within_the_budget_and_the_books_balance(place: Place) -> None:
    """50 clients; each request uses 10 tokens and reserves more. What is over is what was in flight: here nothing."""
    _, secret = place.tenants.create("crowd")
    place.limit("crowd", tokens_per_month=400)
    found: list[Any] = []

    def run(number: int) -> None:
        try:
            found.append(
                place.client(secret).chat.completions.create(model="tiny", messages=ASK, user=f"u{number % 3}")
            )
        except openai.RateLimitError as error:
            found.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(50)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(300)
    answers = [each for each in found if not isinstance(each, openai.RateLimitError)]
    assert len(found) == 50
    assert 0 < len(answers) * 10 <= 400
    day = day_of(answers[0].id) or ""
    ledger = Ledger(table=place.meters)
    assert ledger.imbalance("crowd", day) == {}
    mine = place.client(secret).get("/usage?by=user,model", cast_to=dict[str, Any])
    assert mine["total"]["requests"] == 50
    assert mine["total"]["input_tokens"] == 7 * len(answers)
    assert mine["total"]["cost_nanodollars"] == len(answers) * (7 * 1000 + 3 * 2000)
    assert {each["user"] for each in mine["data"]} == {"u0", "u1", "u2"}
    assert mine["limits"] == {"tokens_per_month": 400}


@pytest.mark.capability("S8")
def test_a_service_with_client_credentials_is_its_tenant_within_its_scopes(place: Place) -> None:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html, "client credentials"."""
    target = place.api.target
    cognito, pool = target.client("cognito-idp"), target.parameter("gateway/user-pool-id")
    made = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="batch",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["slipway/chat"],
    )["UserPoolClient"]
    token = urllib3.request(
        "POST",
        f"{target.endpoint_url}/_aws/cognito-idp/slipway-trial/oauth2/token",
        body="grant_type=client_credentials&scope=slipway/chat",
        headers=urllib3.make_headers(basic_auth=f"{made['ClientId']}:{made['ClientSecret']}")
        | {"content-type": "application/x-www-form-urlencoded"},
    ).json()["access_token"]
    with pytest.raises(openai.AuthenticationError):  # of no tenant yet
        place.client(token).chat.completions.create(model="tiny", messages=ASK)
    place.tenants.note_client("services", made["ClientId"])
    answer = place.client(token).chat.completions.create(model="tiny", messages=ASK)
    assert Ledger(table=place.meters).get("services", answer.id)
    with pytest.raises(openai.PermissionDeniedError):
        place.client(token).get("/usage", cast_to=object)
    head, body, signature = token.split(".")
    for forged in (f"{head}.{body}.{signature[:-6]}AAAAAA", f"{head}.{body[:-4]}AAAA.{signature}", f"{head}.{body}."):
        with pytest.raises(openai.AuthenticationError):
            place.client(forged).chat.completions.create(model="tiny", messages=ASK)


@pytest.mark.capability("S8")
def test_a_person_is_its_tenants_and_nobody_else(place: Place) -> None:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html"""
    alice, token = _signed_in(place, "alice@example.com")
    client = place.client(token)
    asked: dict[str, Any] = {"model": "tiny", "messages": ASK, "extra_body": {"slipway": {"conversation": "c"}}}
    mine = client.chat.completions.create(**asked)
    entry = Ledger(table=place.meters).get("people", mine.id)
    assert entry
    assert entry.user == alice
    _, key = place.tenants.create("people")
    other = place.client(key).chat.completions.create(**asked, user="bob")
    for refused in (
        lambda: client.chat.completions.create(**asked, user="bob"),
        lambda: client.embeddings.create(model="embedding", input="x", user="bob"),
        lambda: client.get("/conversations/c?user=bob", cast_to=object),
        lambda: client.delete("/conversations?user=bob", cast_to=object),
        lambda: client.post("/feedback", body={"request_id": other.id, "thumbs": "up", "user": "bob"}, cast_to=object),
    ):
        with pytest.raises(openai.PermissionDeniedError):
            refused()
    shown: Any = client.get("/conversations", cast_to=object)
    assert [each["id"] for each in shown["data"]] == ["c"]
    client.delete("/conversations", cast_to=object)
    with pytest.raises(openai.NotFoundError):
        client.get("/conversations/c", cast_to=object)
    left: Any = place.client(key).get("/conversations?user=bob", cast_to=object)
    assert [each["id"] for each in left["data"]] == ["c"]


def _signed_in(place: Place, user: str) -> tuple[str, str]:
    """Return username and access token of a person of the tenant `people`."""
    target = place.api.target
    cognito, pool = target.client("cognito-idp"), target.parameter("gateway/user-pool-id")
    app = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="desk", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    password = "Of-three-words-1"
    made = cognito.admin_create_user(UserPoolId=pool, Username=user, MessageAction="SUPPRESS")["User"]["Username"]
    cognito.admin_set_user_password(UserPoolId=pool, Username=user, Password=password, Permanent=True)
    cognito.create_group(UserPoolId=pool, GroupName="tenant-people")
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=user, GroupName="tenant-people")
    given = {"USERNAME": user, "PASSWORD": password}
    answer = cognito.initiate_auth(ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)
    return made, answer["AuthenticationResult"]["AccessToken"]


@pytest.fixture
def throttled(place: Place) -> Iterator[Callable[[str], None]]:
    """Let an operation be throttled; after the test none is."""

    def add(operation: str) -> None:
        remote.ask(place.state, "POST", "faults", {"operation": operation, "error": "ThrottlingException"})

    yield add
    remote.ask(place.state, "DELETE", "faults/")


@pytest.mark.capability("S8")
def test_a_throttled_table_is_a_clear_error_soon_and_costs_no_answer(
    place: Place, throttled: Callable[[str], None]
) -> None:
    _, secret = place.tenants.create("patient")
    place.limit("patient", tokens_per_month=4000)
    client = place.client(secret).with_options(timeout=60)
    client.chat.completions.create(model="tiny", messages=ASK)
    throttled("dynamodb.UpdateItem")
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError) as refused:
            client.chat.completions.create(model="tiny", messages=ASK, stream=stream)
        assert (refused.value.status_code, refused.value.code) == (503, "service_unavailable")
        assert int(refused.value.response.headers["retry-after"]) > 0


@pytest.mark.capability("S8")
def test_a_key_that_cannot_be_checked_is_a_503_in_openais_form(place: Place, throttled: Callable[[str], None]) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html"""
    _, secret = place.tenants.create("unchecked")
    throttled("dynamodb.GetItem")
    with pytest.raises(openai.InternalServerError) as refused:
        place.client(secret).with_options(timeout=60).models.list()
    assert (refused.value.status_code, refused.value.code) == (503, "service_unavailable")
    assert "cannot be checked" in str(refused.value.body)
    assert refused.value.response.headers["retry-after"] == "2"


@pytest.mark.capability("S8")
def test_the_scheme_of_a_key_is_written_in_any_case(place: Place) -> None:
    """https://www.rfc-editor.org/rfc/rfc9110#section-11.1: a scheme is case-insensitive."""
    for scheme in ("Bearer", "bearer", "BEARER"):
        headers = {"authorization": f"{scheme} {place.api.target.api_key}"}
        answer = urllib3.request("GET", f"{place.api.target.gateway_url}/models", headers=headers, retries=False)
        assert answer.status == 200, answer.data
