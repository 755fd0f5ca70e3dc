"""Tenants as an operator sees them: keys, limits, usage and what users said of answers, all by the command."""

import json
import re
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from support.command import Slipway
from support.waiting import wait_for

ASK: list[Any] = [{"role": "user", "content": "Write to me at jo@example.org: what is a heat pump?"}]


def client_of(dev: dict[str, Any], key: str) -> OpenAI:
    return OpenAI(base_url=dev["gateway_url"], api_key=key, max_retries=0)


def is_refused(dev: dict[str, Any], key: str) -> bool:
    try:
        client_of(dev, key).models.list()
    except openai.AuthenticationError:
        return True
    return False


@pytest.mark.capability("S8")
def test_a_key_works_until_it_is_revoked_and_its_scope_ends_where_it_says(
    slipway: Slipway, dev: dict[str, Any]
) -> None:
    made = slipway.json("tenants", "create", "garden", "--scope", "chat")
    assert made["key"].startswith("sk-slipway-")
    client = client_of(dev, made["key"])
    assert client.models.list().data
    with pytest.raises(openai.PermissionDeniedError):
        client.get("/prompts", cast_to=object)
    [listed] = slipway.json("tenants", "list", "garden")
    assert (listed["id"], listed["scopes"]) == (made["id"], ["chat"])
    assert "key" not in listed

    new = slipway.json("tenants", "rotate", "garden", made["id"], "--overlap-hours", "1")
    assert client_of(dev, new["key"]).models.list().data
    assert client.models.list().data, "the old key works for the overlap"
    slipway.json("tenants", "revoke", "garden", new["id"])
    assert wait_for(lambda: is_refused(dev, new["key"]), seconds=90)


@pytest.mark.capability("S8")
def test_a_limit_holds_and_says_when_to_come_again(slipway: Slipway, dev: dict[str, Any]) -> None:
    key = slipway.json("tenants", "create", "shed")["key"]
    assert slipway.json("tenants", "limit", "shed", "requests_per_day=2") == {"requests_per_day": 2}
    for _ in range(2):
        client_of(dev, key).chat.completions.create(
            model="fast", messages=ASK, extra_body={"slipway": {"cache": False}}
        )
    with pytest.raises(openai.RateLimitError, match="requests per day") as refused:
        client_of(dev, key).chat.completions.create(model="fast", messages=ASK)
    assert 0 < int(refused.value.response.headers["retry-after"]) <= 86400


@pytest.mark.capability("P10")
def test_usage_and_feedback_are_a_tenants_own_and_feedback_becomes_training_data(
    slipway: Slipway, dev: dict[str, Any], tmp_path: Path
) -> None:
    key = slipway.json("tenants", "create", "attic")["key"]
    answer = client_of(dev, key).chat.completions.create(model="fast", messages=ASK, user="u1")
    assert answer.usage
    [row] = slipway.json("usage", "--by", "model,day", "--key", key)["data"]
    assert row["requests"] == 1
    assert (row["input_tokens"], row["output_tokens"]) == (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    assert "cost $" in slipway.run("usage", "--key", key).stdout

    said = {"request_id": answer.id, "rating": 5, "user": "u1"}
    client_of(dev, key).post("/feedback", body=said, cast_to=object)
    training, evaluation = tmp_path / "training.jsonl", tmp_path / "questions.jsonl"
    exported = slipway.json("feedback", "export", "--training", training, "--evaluation", evaluation, "--key", key)
    assert exported == {"feedback": 1, "judgements": 1, "questions": 1}
    judgement = json.loads(training.read_text())
    assert judgement["rating"] == 5
    assert re.fullmatch("[0-9a-f]{32}", judgement["group"])
    assert "jo@example.org" not in training.read_text() + evaluation.read_text()
    assert json.loads(evaluation.read_text())["answers"] == [judgement["answer"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tenants", "create", "Big Name"), "up to 63 of a-z"),
        (("tenants", "create", "good", "--scope", "root"), "There is no scope 'root'"),
        (("tenants", "limit", "good", "tokens=5"), "expected NAME=NUMBER"),
        (("tenants", "revoke", "good", "nothing"), "has no key 'nothing'"),
        (("usage", "--by", "colour"), "none of"),
        (("usage", "--since", "2026-31-12"), "must be a day"),
        (("feedback", "export", "--training", "/nowhere/at/all.jsonl"), "/nowhere/at/all.jsonl"),
    ],
)
def test_what_is_wrong_is_said(slipway: Slipway, dev: dict[str, Any], arguments: tuple[str, ...], said: str) -> None:
    done = slipway.run(*arguments)
    assert done.returncode != 0
    assert said in " ".join(done.stderr.replace("│", " ").split()), done.stderr
    assert "Traceback" not in done.stderr
