"""Who signs in is nobody else: from the token, by what the authorizer returns, to conversations, meters and feedback.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from slipway_runtime import parts_of_meters
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.memory.conversations import Conversations
from slipway_runtime.handlers import authorize, authorize_tokens, chat, conversations, usage
from slipway_runtime.handlers.embeddings import EmbeddingRequest
from slipway_runtime.handlers.events import Authorizer
from slipway_runtime.handlers.metered_embeddings import metered
from slipway_runtime.operate.meter.entry import Entry, identifier
from slipway_runtime.operate.meter.ledger import Ledger
from slipway_runtime.operate.meter.meter import Meter
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Table
from tests.support.handled import Context
from tests.support.tables import table_of

pytestmark = [pytest.mark.capability("S8"), pytest.mark.capability("S10")]
ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc123/live/GET/v1/conversations"
SERVICE = {"tenant": "acme", "scopes": "chat"}
Call = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    settings = {"CONVERSATIONS_TABLE": "t", "CONVERSATIONS_KEEP_DAYS": "7", "METERS_TABLE": "t", "METERING": "{}"}
    more = {"USER_POOL_ID": "eu-west-1_x", "ROUTES_PARAMETER": "/r", "EMBEDDING_MODEL_ID": "e"}
    for name, value in (settings | more).items():
        monkeypatch.setenv(name, value)
    with table_of(monkeypatch, "t") as made:
        for module in (conversations.parts_of_memory, parts_of_meters):
            monkeypatch.setattr(module, "client", lambda _name, **_: made.client)
        parts_of_meters.meter.cache_clear()
        for user in ("alice", "bob"):
            Conversations(table=made, tenant="acme", user=user, keep_days=7).add(
                seen=conversations.Head(id="c"), key="k", messages=(), finish_reason="stop"
            )
        yield made
    parts_of_meters.meter.cache_clear()


@pytest.fixture
def alice(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the authorizer says of a token of hers."""
    monkeypatch.setenv("USER_POOL_ID", "eu-west-1_x")
    monkeypatch.setattr(authorize_tokens, "caller", lambda _token: ("acme", "alice", ("chat",)))
    event = {"type": "TOKEN", "authorizationToken": "Bearer a.b.c", "methodArn": ARN}
    found: dict[str, str] = authorize.handler(event, Context())["context"]
    return found


def call(
    handler: Any, context: dict[str, str], verb: str, path: str, body: Any = None, **query: str
) -> tuple[int, dict[str, Any]]:
    event = {
        "httpMethod": verb,
        "path": path,
        "body": json.dumps(body) if body else None,
        "queryStringParameters": query or None,
        "requestContext": {"authorizer": context},
    }
    answer = handler(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


def test_the_functions_are_told_who_signed_in(alice: dict[str, str]) -> None:
    assert alice == {"tenant": "acme", "scopes": "chat", "user": "alice"}


def test_a_person_sees_and_deletes_no_conversation_of_another(table: Table, alice: dict[str, str]) -> None:
    for verb, path in (("GET", ""), ("GET", "/c"), ("DELETE", "/c"), ("DELETE", "")):
        status, said = call(conversations.handler, alice, verb, f"/v1/conversations{path}", user="bob")
        assert (status, said["error"]["code"], said["error"]["param"]) == (403, "forbidden", "user")
    assert call(conversations.handler, SERVICE, "GET", "/v1/conversations/c", user="bob")[0] == 200
    assert call(conversations.handler, alice, "GET", "/v1/conversations/c")[0] == 200
    assert call(conversations.handler, alice, "DELETE", "/v1/conversations")[1]["deleted"] == 1
    assert call(conversations.handler, alice, "GET", "/v1/conversations/c")[0] == 404
    assert call(conversations.handler, SERVICE, "GET", "/v1/conversations/c", user="bob")[0] == 200


def test_a_person_asks_and_judges_under_no_other_name(
    table: Table, alice: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "_table", lambda: pytest.fail("nothing is looked up for whom it is refused"))
    body = {"model": "x", "messages": [{"role": "user", "content": "hi"}], "user": "bob"}
    status, said = call(chat.handler, alice, "POST", "/v1/chat/completions", body)
    assert (status, said["error"]["code"], said["error"]["param"]) == (403, "forbidden", "user")
    asked = Entry(id=identifier(), tenant="acme", at=int(time.time()), user="alice")
    Meter(table=table).record(asked)
    judged = {"request_id": asked.id, "thumbs": "up"}
    assert call(usage.handler, alice, "POST", "/v1/feedback", judged | {"user": "bob"})[0] == 403
    assert call(usage.handler, alice, "POST", "/v1/feedback", judged)[1]["user"] == "alice"
    assert call(usage.handler, SERVICE, "POST", "/v1/feedback", judged | {"user": "bob"})[1]["user"] == "bob"


def test_embeddings_of_a_person_are_of_that_one(table: Table, alice: dict[str, str]) -> None:
    request = EmbeddingRequest(model="embedding", input="x", user="bob")
    with pytest.raises(ApiError, match="another user") as caught:
        metered(Meter(table=table), msgspec.convert(alice, Authorizer), request, Deadline.after(9))
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("signed_in", "given", "user"), [("", "", ""), ("", "x", "x"), ("a", "", "a"), ("a", "a", "a")]
)
def test_a_client_may_name_anybody_and_a_person_itself(signed_in: str, given: str, user: str) -> None:
    assert Authorizer("acme", signed_in).acting_for(given) == user


@pytest.mark.parametrize("user", ["u" * 513, "u" * 450_000])
def test_a_name_that_is_too_long_is_refused_before_anything_is_answered(
    table: Table, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "_table", lambda: pytest.fail("nothing is looked up"))
    body: dict[str, Any] = {"model": "x", "messages": [{"role": "user", "content": "hi"}], "user": user}
    status, said = call(chat.handler, SERVICE, "POST", "/v1/chat/completions", body)
    assert (status, said["error"]["param"]) == (400, "user")
    status, said = call(chat.handler, SERVICE, "POST", "/v1/embeddings", {"model": "e", "input": "x", "user": user})
    assert (status, said["error"]["param"]) == (400, "user")
    status, said = call(conversations.handler, SERVICE, "GET", "/v1/conversations", user=user)
    assert (status, said["error"]["param"]) == (400, "user")


def test_sums_that_no_answer_holds_are_refused_with_words(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """A response has 6 MB. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
    sums = {(f"{number:06}" + "u" * 500, "", "", "", ""): Counter(requests=1) for number in range(10_000)}
    monkeypatch.setattr(Ledger, "sums", lambda _self, _tenant, _day: sums)
    status, said = call(usage.handler, SERVICE, "GET", "/v1/usage", by="user")
    assert (status, said["error"]["param"]) == (400, "by")
    status, said = call(usage.handler, SERVICE, "GET", "/v1/usage", by="model")
    assert (status, len(said["data"])) == (200, 1)


@pytest.mark.parametrize("letter", ["u", "é", "船", "🚢"])
def test_a_name_as_long_as_it_may_be_has_conversations_and_feedback(table: Table, letter: str) -> None:
    """Keys have at most 2,048 and 1,024 bytes.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys
    """
    user = letter * 512
    mine = Conversations(table=table, tenant="acme", user=user, keep_days=7)
    mine.add(conversations.Head(id="c"), "k", (), "stop", documents=("doc_1",))
    assert [head.id for head in mine.heads()] == ["c"]
    asked = Entry(id=identifier(), tenant="acme", at=int(time.time()), user=user)
    Meter(table=table).record(asked)
    judged = {"request_id": asked.id, "thumbs": "up", "user": user}
    assert call(usage.handler, SERVICE, "POST", "/v1/feedback", judged)[0] == 200
    keys = [
        len(row[name]["S"].encode())
        for row in table.client.scan(TableName="t")["Items"]
        for name in row
        if name in ("subject", "item")
    ]
    assert max(keys) < 1024
    deleted = call(conversations.handler, SERVICE, "DELETE", "/v1/conversations", user=user)[1]
    assert (deleted["deleted"], deleted["feedback_deleted"]) == (1, 1)
