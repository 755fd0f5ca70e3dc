"""Bedrock's prompts as boto3 sees them: drafts, versions, tokens, quotas, and what AWS refuses.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_CreatePrompt.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_CreatePromptVersion.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_DeletePrompt.html
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.capability("P1")


def variant(text: str = "Greet {{name}}", **more: Any) -> dict[str, Any]:
    template = {"text": text, "inputVariables": [{"name": "name"}] if "{{name}}" in text else []}
    return {"name": "default", "templateType": "TEXT", "templateConfiguration": {"text": template}, **more}


@pytest.fixture
def agent(local_cloud: Any) -> Any:
    return local_cloud.place.client("bedrock-agent")


def refused(call: Callable[..., Any], **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_versions_are_snapshots_of_the_draft_numbered_from_1_and_never_again(agent: Any) -> None:
    made = agent.create_prompt(name="snap", variants=[variant()], defaultVariant="default", description="first")
    assert (made["version"], made["arn"][-17:-10]) == ("DRAFT", "prompt/")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    one = agent.create_prompt_version(promptIdentifier=made["id"], description="one")
    assert (one["version"], one["description"], one["arn"]) == ("1", "one", f"{made['arn']}:1")
    changed = [variant("Hail {{name}}")]
    agent.update_prompt(promptIdentifier=made["id"], name="snap", variants=changed)
    draft = agent.get_prompt(promptIdentifier=made["arn"])
    assert (draft["variants"], draft.get("description")) == (changed, None), "what is left out is gone"
    assert agent.get_prompt(promptIdentifier=made["id"], promptVersion="1")["variants"] == [variant()]
    assert agent.create_prompt_version(promptIdentifier=made["id"])["version"] == "2"
    listed = agent.list_prompts(promptIdentifier=made["id"])["promptSummaries"]
    assert [each["version"] for each in listed] == ["DRAFT", "1", "2"]
    assert agent.delete_prompt(promptIdentifier=made["id"], promptVersion="2")["version"] == "2"
    assert agent.create_prompt_version(promptIdentifier=made["id"])["version"] == "3"
    agent.delete_prompt(promptIdentifier=made["id"])
    assert refused(agent.get_prompt, promptIdentifier=made["id"])[0] == "ResourceNotFoundException"


def test_a_token_gives_the_same_prompt_again_and_refuses_another(agent: Any) -> None:
    token = "t" * 40
    request = {"name": "once", "variants": [variant()], "clientToken": token}
    made = agent.create_prompt(**request)
    assert agent.create_prompt(**request)["id"] == made["id"]
    assert refused(agent.create_prompt, **{**request, "name": "other"})[0] == "ConflictException"
    assert refused(agent.create_prompt, name="once", variants=[variant()]) == (
        "ConflictException",
        "Prompt with name once already exists",
    )
    versions = [agent.create_prompt_version(promptIdentifier=made["id"], clientToken="v" * 40) for _ in range(2)]
    assert [each["version"] for each in versions] == ["1", "1"]
    agent.delete_prompt(promptIdentifier=made["id"])


def test_a_prompt_has_ten_versions_at_most(agent: Any) -> None:
    made = agent.create_prompt(name="many", variants=[variant()])
    for _ in range(10):
        agent.create_prompt_version(promptIdentifier=made["id"])
    code, message = refused(agent.create_prompt_version, promptIdentifier=made["id"])
    assert code == "ServiceQuotaExceededException"
    assert "Versions per prompt: 10" in message
    agent.delete_prompt(promptIdentifier=made["id"])


MANY = [{"name": f"v{at}"} for at in range(21)]
TEXT: dict[str, Any] = {"text": " ".join(f"{{{{v{at}}}}}" for at in range(21)), "inputVariables": MANY}
CHAT: dict[str, Any] = {"messages": [], "system": [{"text": "Be kind"}]}


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"name": "a.b"}, "regular expression"),
        ({"name": "x", "variants": [variant(), variant()]}, "length between 0 and 1"),
        ({"name": "x", "variants": [variant(templateConfiguration={"text": TEXT})]}, "length between 0 and 20"),
        ({"name": "x", "variants": [variant("no {{other}}")]}, "The variable other"),
        ({"name": "x", "variants": [variant(templateType="CHAT")]}, "of type CHAT"),
        ({"name": "x", "variants": [variant(templateType="CHAT", templateConfiguration={"chat": CHAT})]}, "a message"),
        ({"name": "x", "variants": [variant()], "defaultVariant": "other"}, "default variant other"),
        ({"name": "x", "clientToken": "short"}, "length between 33 and 256"),
    ],
)
def test_what_could_never_be_rendered_is_refused(agent: Any, request_: dict[str, Any], said: str) -> None:
    code, message = refused(agent.create_prompt, **request_)
    assert code == "ValidationException"
    assert said in message


def test_a_version_needs_a_variant_and_what_is_not_there_is_not_found(agent: Any) -> None:
    made = agent.create_prompt(name="empty")
    assert refused(agent.create_prompt_version, promptIdentifier=made["id"])[0] == "ValidationException"
    for call, more in (
        (agent.update_prompt, {"name": "x"}),
        (agent.create_prompt_version, {}),
        (agent.delete_prompt, {}),
        (agent.list_prompts, {}),
    ):
        assert refused(call, promptIdentifier="AAAAAAAAAA", **more)[0] == "ResourceNotFoundException"
    assert (
        refused(agent.delete_prompt, promptIdentifier=made["id"], promptVersion="7")[0] == "ResourceNotFoundException"
    )
    agent.delete_prompt(promptIdentifier=made["id"])


def test_prompts_are_listed_by_pages(agent: Any) -> None:
    made = [agent.create_prompt(name=f"page-{at}")["id"] for at in range(3)]
    pages = agent.get_paginator("list_prompts").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["promptSummaries"]) for page in pages] == [2, 1]
    for each in made:
        agent.delete_prompt(promptIdentifier=each)
