"""Conversations and the cache as they are deployed: over HTTP, with policies enforced.

DynamoDB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from slipway_local import cloud
from support.prompts import Api, up

SETTINGS = """
removal: destroy
termination_protection: false
conversations: {enabled: true}
cache: {enabled: true, threshold: 0.9}
answering: {compress_to_tokens: 1000}
gateway: {throttle: {rate_per_second: 1000, burst: 1000}}
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    state = tmp_path_factory.mktemp("conversations") / "state"
    yield Api(up(state, SETTINGS))
    denied = {one["role"]: one["denied"] for one in cloud.permissions(state)["roles"] if one["denied"]}
    cloud.down(state)
    assert denied == {}


def ask(api: Api, text: str, *, user: str = "u1", model: str = "fast", **more: Any) -> Any:
    said = [{"role": "user", "content": text}]
    return api.ok("POST", "/chat/completions", {"model": model, "user": user, "messages": said, "slipway": more})


@pytest.mark.capability("S10")
def test_a_conversation_from_its_first_turn_to_its_deletion(api: Api) -> None:
    first = ask(api, "My boat is called Heron.", conversation="c1", turn="t1", cache=False)
    assert first["slipway"]["conversation"] == {"id": "c1", "turn": 1, "kept": True}
    again = ask(api, "My boat is called Heron.", conversation="c1", turn="t1", cache=False)
    assert again["slipway"]["conversation"]["repeated"] is True
    assert again["choices"][0]["message"] == first["choices"][0]["message"]
    second = ask(api, "What is it called?", conversation="c1", cache=False)
    assert second["usage"]["prompt_tokens"] > first["usage"]["prompt_tokens"]
    shown = api.ok("GET", "/conversations/c1?user=u1")
    assert [turn["messages"][0]["content"] for turn in shown["turns"]] == [
        "My boat is called Heron.",
        "What is it called?",
    ]
    assert [each["id"] for each in api.ok("GET", "/conversations?user=u1")["data"]] == ["c1"]
    assert api.ok("GET", "/conversations?user=u2")["data"] == []
    assert api.call("GET", "/conversations/c1?user=u2")[0] == 404
    assert api.call("DELETE", "/conversations")[0] == 400
    assert api.ok("DELETE", "/conversations/c1?user=u1")["deleted"] is True
    assert api.call("GET", "/conversations/c1?user=u1")[0] == 404


@pytest.mark.capability("S9")
def test_a_user_that_is_erased_leaves_no_question_in_the_cache(api: Api) -> None:
    """Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html"""
    secret, other = "Where does Erin keep the silver key of the boat?", "What is the harbour's name?"
    for text, more in ((secret, {}), (other, {}), ("And of the shed?", {"conversation": "c5"})):
        assert ask(api, text, user="erin", **more)["slipway"]["cache"] == "miss"
    assert ask(api, secret, user="ann")["slipway"]["cache"] == "exact"
    assert api.ok("DELETE", "/conversations/c5?user=erin")["cached_answers_deleted"] == 1
    assert api.ok("DELETE", "/conversations?user=ann")["cached_answers_deleted"] == 0
    assert api.ok("DELETE", "/conversations?user=erin")["cached_answers_deleted"] == 2
    assert api.ok("DELETE", "/conversations?user=erin")["cached_answers_deleted"] == 0
    target = api.target
    table = target.parameter("foundation/cache-table-name")
    assert "silver key" not in str(target.client("dynamodb").scan(TableName=table)["Items"])
    assert ask(api, secret, user="ann")["slipway"]["cache"] == "miss"


@pytest.mark.capability("S10")
def test_turns_at_the_same_time_are_all_kept_each_in_whole(api: Api) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: ask(api, f"Question {n}", conversation="c2", user="u3", cache=False), range(4)))
    turns = api.ok("GET", "/conversations/c2?user=u3")["turns"]
    assert [turn["turn"] for turn in turns] == [1, 2, 3, 4]
    assert sorted(turn["messages"][0]["content"] for turn in turns) == [f"Question {n}" for n in range(4)]
    assert all([each["role"] for each in turn["messages"]] == ["user", "assistant"] for turn in turns)
    assert api.ok("DELETE", "/conversations?user=u3")["deleted"] == 1


@pytest.mark.capability("S9")
def test_an_answer_is_given_again_to_the_same_question_and_to_one_that_means_it(api: Api) -> None:
    asked = "What are the opening hours of the office in Berlin?"
    first = ask(api, asked)
    assert first["slipway"]["cache"] == "miss"
    exact = ask(api, asked)
    assert (exact["slipway"]["cache"], exact["usage"]["total_tokens"]) == ("exact", 0)
    near = ask(api, "What are the Berlin office opening hours?")
    assert near["slipway"]["cache"] == "semantic" and near["slipway"]["similarity"] >= 0.9
    assert near["choices"][0]["message"] == first["choices"][0]["message"]
    assert ask(api, "What are the Oslo office opening hours?")["slipway"]["cache"] == "miss"
