"""The catalogue of prompts as it is deployed: over HTTP, with policies enforced, and judged by the table's stream.

Streams: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
"""

from collections.abc import Iterator
from typing import Any

import pytest

from slipway_local import cloud
from support.prompts import Api, up
from support.waiting import wait_for


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    state = tmp_path_factory.mktemp("prompts") / "state"
    yield Api(up(state))
    denied = {one["role"]: one["denied"] for one in cloud.permissions(state)["roles"] if one["denied"]}
    cloud.down(state)
    assert denied == {}


def content(text: str, **more: Any) -> dict[str, Any]:
    message = {"role": "user", "content": f"{text} {{{{text}}}}"}
    return {"prompt": {"messages": [message], "variables": {"text": {}}, **more}}


def made(api: Api, name: str, *texts: str) -> None:
    for text in texts:
        api.ok("POST", f"/prompts/{name}/versions", content(text))
    api.ok("PUT", f"/prompts/{name}/labels/production", {"version": 1, "why": "first"})


@pytest.mark.capability("P1")
def test_a_prompt_from_its_first_version_to_a_rollback(api: Api) -> None:
    made(api, "greet", "Greet", "Say hello to")
    assert api.ok("POST", "/prompts/greet/versions", content("Greet"))["created"] is False
    api.ok("PUT", "/prompts/greet/labels/production", {"version": 2, "why": "kinder", "expected": 1})
    shown = api.ok("POST", "/prompts/greet/render", {"at": "production", "variables": {"text": "{{text}}"}})
    assert shown["messages"] == [{"role": "user", "content": "Say hello to {{text}}"}]
    diff = api.ok("GET", "/prompts/greet/diff?from=1&to=production")["diff"]
    assert {"-Greet {{text}}", "+Say hello to {{text}}"} <= set(diff)
    assert api.ok("POST", "/prompts/greet/labels/production/rollback", {"why": "too kind"})["version"] == 1
    entries = api.ok("GET", "/prompts/greet/audit")["data"]
    assert [(e["action"], e.get("before", ""), e["after"], e.get("why", "")) for e in entries[:2]] == [
        ("rollback", "2", "1", "too kind"),
        ("label", "1", "2", "kinder"),
    ]
    assert {e["by"] for e in entries} == {"default"}
    assert [each["name"] for each in api.ok("GET", "/prompts?limit=100")["data"]] == ["greet"]
    assert [each["version"] for each in api.ok("GET", "/prompts/greet/versions")["data"]] == [2, 1]


@pytest.mark.capability("P1")
def test_what_is_wrong_is_a_4xx_that_names_it(api: Api) -> None:
    made(api, "wrong", "Greet")
    cases = [
        ("GET", "/prompts/nothing", None, 404, "name"),
        ("GET", "/prompts/wrong/versions/9", None, 404, "version"),
        ("POST", "/prompts/wrong/versions", {"prompt": {"messages": []}}, 400, "prompt.messages"),
        ("POST", "/prompts/wrong/versions", content("x {{other}}"), 400, "messages.0.content"),
        ("PUT", "/prompts/wrong/labels/production", {"version": 1, "expected": 7}, 409, "expected"),
        ("PUT", "/prompts/wrong/labels/latest", {"version": 1}, 400, "label"),
        ("POST", "/prompts/wrong/labels/production/rollback", {}, 409, "label"),
        ("POST", "/prompts/wrong/render", {"variables": {}}, 400, "variables.text"),
        ("POST", "/prompts/wrong/render", {"variables": {"txt": "x"}}, 400, "variables.txt"),
        ("POST", "/prompts/wrong/render", {"at": "a b"}, 400, "prompt"),
        ("GET", "/prompts?limit=0", None, 400, "limit"),
        ("GET", "/prompt-experiments/nothing", None, 404, "id"),
        ("GET", "/prompts/wrong/a/b/c", None, 404, None),
    ]
    for method, path, body, status, param in cases:
        found, answer = api.call(method, path, body)
        assert (found, answer["error"]["param"]) == (status, param), (path, answer)


@pytest.mark.capability("P2")
def test_examples_are_chosen_by_what_is_asked_and_kept_in_versions(api: Api) -> None:
    pairs = [
        ("How do I cook rice?", "kitchen"),
        ("My car does not start", "garage"),
        ("Which planet is the largest?", "sky"),
    ]
    examples = {"examples": [{"input": asked, "output": room} for asked, room in pairs]}
    assert api.ok("POST", "/prompt-examples/rooms/versions", examples)["version"] == 1
    use = {"set": "rooms@1", "select": "similar", "count": 1, "query": "text"}
    api.ok("POST", "/prompts/room/versions", content("Which room?", examples=use))
    for asked, room in (("the engine of the car makes a noise", "garage"), ("boil potatoes and rice", "kitchen")) * 2:
        shown = api.ok("POST", "/prompts/room/render", {"variables": {"text": asked}})
        assert [each["content"] for each in shown["messages"][1:]] == [room, f"Which room? {asked}"]
    status, answer = api.call("POST", "/prompts/room/versions", content("x", examples={**use, "set": "rooms@2"}))
    assert (status, answer["error"]["code"]) == (404, "version_not_found")


@pytest.mark.capability("P3")
def test_the_stream_takes_a_harmful_version_back(api: Api) -> None:
    made(api, "trial", "Good", "Bad")
    plan = {"prompt": "trial", "label": "production", "arms": [{"version": 2}], "metric": {"name": "thumbs"}}
    trial = api.ok("POST", "/prompt-experiments", plan)
    assert api.call("POST", "/prompt-experiments", plan)[0] == 409
    assert (
        api.call("PUT", "/prompts/trial/labels/production", {"version": 2})[1]["error"]["code"] == "experiment_running"
    )

    def render(user: str) -> dict[str, Any]:
        body = {"at": "production", "user": user, "variables": {"text": "x"}}
        return dict(api.ok("POST", "/prompts/trial/render", body)["provenance"])

    arms = {user: render(user)["arm"] for user in (f"user-{at}" for at in range(40))}
    assert set(arms.values()) == {1, 2}
    assert all(render(user)["arm"] == arm for user, arm in list(arms.items())[:5])
    path = f"/prompt-experiments/{trial['id']}"
    for user, arm in arms.items():
        event = {"arm": arm, "unit": user, "metric": "thumbs", "value": float(arm == 1), "event_id": f"e-{user}"}
        assert api.ok("POST", f"{path}/events", event)["outcome"] in ("counted", "ignored")
        assert api.ok("POST", f"{path}/events", event)["outcome"] in ("duplicate", "ignored")
    # The audit is read, not the experiment: to look at that would judge it too.
    audit = "/prompts/trial/audit?limit=1"
    assert wait_for(lambda: api.ok("GET", audit)["data"][0]["by"] == "experiment", seconds=240)
    assert "every arm did harm" in api.ok("GET", audit)["data"][0]["why"]
    assert wait_for(lambda: api.ok("GET", path)["status"] == "ended", seconds=120)
    decision = api.ok("GET", path)["decisions"][0]
    assert (decision["outcome"], decision["arm"], decision["metric"]) == ("harm", 2, "thumbs")
    assert decision["log_e"] >= decision["log_threshold"]
    assert decision["means"] == {"1": 1.0, "2": 0.0}
    # Other processes see it within 5 seconds, when what they remember is too old.
    assert wait_for(lambda: {render(user)["version"] for user in list(arms)[:8]} == {1}, seconds=30)
