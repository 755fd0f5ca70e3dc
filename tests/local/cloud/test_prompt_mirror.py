"""From a version in the catalogue to Bedrock Prompt Management, with policies and a key of one's own enforced.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-management-prereq.html and
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.prompts import _mirrored
from slipway_local import cloud, remote
from support.prompts import SETTINGS, Api, up
from support.waiting import wait_for

pytestmark = pytest.mark.capability("P1")
MIRRORED = (
    SETTINGS.replace("{enabled: true}", "{enabled: true, mirror: true}") + "encryption: {customer_managed_key: true}"
)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mirror") / "state"


@pytest.fixture(scope="module")
def api(state: Path) -> Iterator[Api]:
    yield Api(up(state, MIRRORED))
    roles = cloud.permissions(state)["roles"]
    cloud.down(state)
    assert {one["role"]: one["denied"] for one in roles if one["denied"]} == {}


def content(text: str, **more: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": "Be kind"}, {"role": "user", "content": f"{text} {{{{text}}}}"}]
    return {"prompt": {"messages": messages, "variables": {"text": {}}, **more}}


def mirror(api: Api, name: str, latest: int) -> dict[str, Any]:
    """Return the mirror of a prompt when it has dealt with a version."""
    path = f"/prompts/{name}"
    assert wait_for(lambda: api.ok("GET", path)["mirror"]["latest"] == latest, seconds=240)
    return dict(api.ok("GET", path)["mirror"])


def test_two_versions_are_in_bedrock_under_the_environments_key(api: Api) -> None:
    for text in ("Greet", "Hail"):
        api.ok("POST", "/prompts/greet/versions", content(text))
    held = mirror(api, "greet", 2)
    agent = api.target.client("bedrock-agent")
    listed = agent.list_prompts(promptIdentifier=held["id"])["promptSummaries"]
    assert [each["version"] for each in listed] == ["DRAFT", "1", "2"]
    for number, text in (("1", "Greet"), ("2", "Hail")):
        found = agent.get_prompt(promptIdentifier=held["id"], promptVersion=number)
        chat = found["variants"][0]["templateConfiguration"]["chat"]
        assert chat["system"] == [{"text": "Be kind"}]
        assert chat["messages"] == [{"role": "user", "content": [{"text": f"{text} {{{{text}}}}"}]}]
        assert found["customerEncryptionKeyArn"].startswith("arn:aws:kms:")
    lines = list(_mirrored(api.ok("GET", "/prompts/greet")))
    assert lines[1:] == ["version 1 → Bedrock version 1", "version 2 → Bedrock version 2"]


def test_what_bedrock_cannot_hold_is_said_and_served_all_the_same(api: Api) -> None:
    api.ok("POST", "/prompts/hot/versions", content("Hot", parameters={"temperature": 1.5}))
    (only,) = mirror(api, "hot", 1)["versions"]
    assert only["bedrock_version"] == ""
    assert "temperature is 1.5" in only["why"]
    assert "not in Bedrock: its temperature is 1.5" in next(_mirrored(api.ok("GET", "/prompts/hot")))
    shown = api.ok("POST", "/prompts/hot/render", {"variables": {"text": "x"}})
    assert shown["messages"][1]["content"] == "Hot x"


def test_it_recovers_from_throttling_and_from_lost_answers(api: Api, state: Path) -> None:
    def fault(operation: str, error: str, **more: Any) -> None:
        given = {"operation": f"bedrock-agent.{operation}", "error": error, **more}
        remote.ask(state, "POST", "faults", given)

    fault("CreatePrompt", "ThrottlingException", times=7)  # more than the SDK tries: the stream does
    fault("CreatePromptVersion", "InternalServerException", times=2, after=True)
    for text in ("one", "two"):
        api.ok("POST", "/prompts/busy/versions", content(text))
    held = mirror(api, "busy", 2)
    hits = {each["operation"]: each["hit"] for each in remote.ask(state, "GET", "faults")}
    remote.ask(state, "DELETE", "faults/")
    assert hits == {"CreatePrompt": 7, "CreatePromptVersion": 2}
    agent = api.target.client("bedrock-agent")
    listed = agent.list_prompts(promptIdentifier=held["id"])["promptSummaries"]
    assert [each["version"] for each in listed] == ["DRAFT", "1", "2"]
    assert [each["bedrock_version"] for each in held["versions"]] == ["1", "2"]


def test_example_sets_are_no_prompts(api: Api) -> None:
    api.ok("POST", "/prompt-examples/tone/versions", {"examples": [{"input": "Hey", "output": "casual"}]})
    examples = {"set": "tone@1", "count": 1}
    api.ok("POST", "/prompts/toned/versions", content("Tone?", examples=examples))
    held = mirror(api, "toned", 1)
    agent = api.target.client("bedrock-agent")
    chat = agent.get_prompt(promptIdentifier=held["id"])["variants"][0]["templateConfiguration"]["chat"]
    assert [each["role"] for each in chat["messages"]] == ["user", "assistant", "user"]
    names = [each["name"] for each in agent.list_prompts()["promptSummaries"]]
    assert not [each for each in names if "-tone-" in each]
