"""The mirror over a table and the local Bedrock: order, retries, lost answers, quotas, and what people do there.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_CreatePromptVersion.html
"""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from slipway_local.aws import Place
from slipway_local.bedrock import PromptManagement, prompt_management
from slipway_local.serving import serve
from slipway_runtime.generate.prompts.labels import Labels
from slipway_runtime.generate.prompts.mirror import MADE_ROOM, Mirrors
from slipway_runtime.generate.prompts.mirror_prompts import BedrockPrompts
from slipway_runtime.generate.prompts.mirror_state import Mirror, MirrorRows
from slipway_runtime.generate.prompts.versions import Author, Versions
from slipway_runtime.operate.rows import Table

pytestmark = pytest.mark.capability("P1")
ANN = Author("acme/ann")


class LostError(Exception):
    """The answer of a call that was done."""


class World:
    """A catalogue, its mirror, and Bedrock."""

    def __init__(self, table: Table, url: str) -> None:
        self.agent: Any = boto3.client("bedrock-agent", endpoint_url=url)
        self.versions = Versions(table=table, tenant="acme")
        self.refusals = 0
        bedrock = BedrockPrompts(client=self.agent, environment="trial")
        self.mirrors = Mirrors(table=table, bedrock=bedrock, refused=self._refuse)

    def create(self, text: str, **more: Any) -> None:
        body = {"messages": [{"role": "user", "content": text}], **more}
        self.versions.create("greet", str(body).replace("'", '"'), ANN)

    def bring(self) -> Mirror:
        return self.mirrors.bring("acme", "greet")

    def texts(self, identifier: str) -> dict[str, str]:
        """Return what each version in Bedrock says."""
        pages = self.agent.get_paginator("list_prompts").paginate(promptIdentifier=identifier)
        listed = [each for page in pages for each in page["promptSummaries"]]
        numbers = [each["version"] for each in listed if each["version"] != "DRAFT"]
        found = {at: self.agent.get_prompt(promptIdentifier=identifier, promptVersion=at) for at in numbers}
        return {at: each["variants"][0]["templateConfiguration"]["text"]["text"] for at, each in found.items()}

    def lose(self, operation: str) -> None:
        """Lose the answer of the next call of an operation."""
        events, event = self.agent.meta.events, f"after-call.bedrock-agent.{operation}"

        def lost(**_: Any) -> None:
            events.unregister(event, lost)
            raise LostError

        events.register(event, lost)

    def _refuse(self) -> None:
        self.refusals += 1


@pytest.fixture
def world(table: Table) -> Iterator[World]:
    with serve(PromptManagement(Place(endpoint_url="http://unused"))) as served:
        yield World(table, served)


def copies(mirror: Mirror) -> dict[int, str]:
    return {each.number: each.version for each in mirror.copies}


def test_versions_come_in_their_order_each_once(world: World) -> None:
    for text in ("one", "two"):
        world.create(text)
    mirror = world.bring()
    assert world.texts(mirror.id) == {"1": "one", "2": "two"}
    assert world.bring() == mirror, "told twice, nothing is left to do"
    world.create("three")
    mirror = world.bring()
    assert world.texts(mirror.id) == {"1": "one", "2": "two", "3": "three"}
    assert (mirror.latest, copies(mirror)) == (3, {1: "1", 2: "2", 3: "3"})
    shown = world.agent.get_prompt(promptIdentifier=mirror.arn, promptVersion="3")
    assert shown["description"] == "greet@3"
    assert shown["variants"][0]["metadata"] == [
        {"key": "slipway-tenant", "value": "acme"},
        {"key": "slipway-prompt", "value": "greet@3"},
    ]


@pytest.mark.parametrize("operation", ["CreatePrompt", "UpdatePrompt", "CreatePromptVersion"])
def test_an_answer_that_was_lost_leaves_no_second_prompt_or_version(world: World, operation: str) -> None:
    if operation == "UpdatePrompt":
        world.create("zero")
        world.bring()
    world.create("one")
    world.lose(operation)
    with pytest.raises(LostError):
        world.bring()
    mirror = world.bring()
    assert len(world.agent.list_prompts()["promptSummaries"]) == 1
    assert list(world.texts(mirror.id).values())[-1] == "one"
    assert len(world.texts(mirror.id)) == len(copies(mirror)) == mirror.latest


def test_a_row_that_was_not_written_leaves_no_second_version(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.create("one")
    with monkeypatch.context() as patched:
        writes: list[Mirror] = []
        put = MirrorRows.put

        def fail_later(self: MirrorRows, subject: str, mirror: Mirror) -> Mirror:
            writes.append(mirror)
            if len(writes) > 1:
                raise LostError
            return put(self, subject, mirror)

        patched.setattr(MirrorRows, "put", fail_later)
        with pytest.raises(LostError):
            world.bring()
    mirror = world.bring()
    assert world.texts(mirror.id) == {"1": "one"}


def test_a_version_that_bedrock_cannot_hold_is_counted_and_the_next_one_comes(world: World) -> None:
    world.create("one")
    world.create("hot", parameters={"temperature": 1.5})
    world.create("three")
    mirror = world.bring()
    assert world.texts(mirror.id) == {"1": "one", "2": "three"}
    assert copies(mirror) == {1: "1", 2: "", 3: "2"}
    assert "temperature is 1.5" in mirror.copies[1].why
    world.bring()
    assert world.refusals == 1


def test_room_is_made_for_new_versions_but_labelled_ones_stay(world: World) -> None:
    labels = Labels(versions=world.versions)
    for at in range(1, 13):
        world.create(f"text {at}")
        if at == 1:
            labels.put("greet", "production", 1, ANN)
        mirror = world.bring()
    assert list(world.texts(mirror.id).values()) == ["text 1", *(f"text {at}" for at in range(4, 13))]
    assert [each.why for each in mirror.copies[:4]] == ["", MADE_ROOM, MADE_ROOM, ""]


def test_what_is_deleted_in_bedrock_is_made_anew_by_the_next_version(world: World) -> None:
    world.create("one")
    first = world.bring()
    world.agent.delete_prompt(promptIdentifier=first.id)
    world.create("two")
    mirror = world.bring()
    assert mirror.id != first.id
    assert world.texts(mirror.id) == {"1": "two"}
    assert copies(mirror) == {1: "", 2: "1"}


def test_a_prompt_of_its_name_that_no_row_knows_is_taken_over(world: World) -> None:
    name = world.mirrors.bedrock.name("acme", "greet")
    assert name.startswith("trial-acme-greet-")
    made = world.agent.create_prompt(name=name)
    world.create("one")
    assert world.bring().id == made["id"]
    assert world.texts(made["id"]) == {"1": "one"}


def test_a_full_account_is_said_and_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.create("one")
    monkeypatch.setattr(prompt_management, "PROMPTS_PER_ACCOUNT", 0)
    mirror = world.bring()
    assert (mirror.latest, world.refusals) == (0, 1)
    assert "Prompts per account: 0" in mirror.waiting
    monkeypatch.undo()
    mirror = world.bring()
    assert (mirror.latest, mirror.waiting) == (1, "")


def test_any_other_error_is_raised_for_the_stream_to_try_again(world: World) -> None:
    world.create("one")
    world.agent.meta.events.register("before-send.bedrock-agent.UpdatePrompt", _denied)
    world.bring()
    world.create("two")
    with pytest.raises(ClientError, match="AccessDenied"):
        world.bring()
    assert MirrorRows(table=world.versions.table).get("acme#prompt#greet").latest == 1


def _denied(**_: Any) -> Any:
    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "UpdatePrompt")
