"""What the meters keep of users' words goes with the user, the conversation, or the document: through the gateway.

Policies are enforced. DynamoDB: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from slipway_cli.erase import erase
from slipway_local import cloud
from slipway_runtime.operate.meter.entry import day_of
from slipway_runtime.operate.meter.ledger import Ledger
from slipway_runtime.operate.rows import Table
from slipway_runtime.prepare.keys import document_id
from support import trial
from support.augmentation import ingest
from support.model_server import ModelServer, model_server
from support.prompts import Api
from support.waiting import wait_for

pytestmark = [pytest.mark.capability("S10"), pytest.mark.capability("P10")]
SETTINGS = """
removal: destroy
termination_protection: false
conversations: {{enabled: true, summary_alias: tiny}}
metering: {{enabled: true, content_days: 7}}
gateway: {{throttle: {{rate_per_second: 1000, burst: 1000}}}}
models:
  default: {{grounded: true, routes: [&tiny {{openai: {{url: "{url}", model: tiny}}, max_tokens: 50}}]}}
  tiny: {{routes: [*tiny]}}
"""
PATH = "default/boat.md"
SECRET = "My boat is called Heron"


class Place:
    """The gateway, and the table of meters."""

    def __init__(self, target: Any, model: ModelServer) -> None:
        self.api, self.model, client = Api(target), model, target.client("dynamodb")
        self.table = Table(client=client, name=target.parameter("foundation/meters-table-name"))

    def ask(self, user: str, conversation: str) -> str:
        said = [{"role": "user", "content": SECRET}]
        body = {"model": "tiny", "user": user, "messages": said, "slipway": {"conversation": conversation}}
        return str(self.api.ok("POST", "/chat/completions", body)["id"])

    def rows(self) -> str:
        return str(self.table.client.scan(TableName=self.table.name)["Items"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    state = tmp_path_factory.mktemp("erasure") / "state"
    with model_server() as model:
        yield Place(trial.up(state.parent, SETTINGS.format(url=model.url)), model)
        denied = {one["role"]: one["denied"] for one in cloud.permissions(state)["roles"] if one["denied"]}
        cloud.down(state)
        assert denied == {}


@pytest.mark.capability("P9")
def test_what_the_guard_holds_back_is_in_no_conversation_and_no_record(place: Place) -> None:
    """A tenant's policy: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html"""
    api, words = place.api, place.model.words
    policy = {"personal_data": {"input": "redact", "output": "redact"}, "topics": {"rival": ["acme corporation"]}}
    name = f"/slipway/{api.target.environment}/gateway/guard/tenants/default"
    api.target.client("ssm").put_parameter(Name=name, Type="String", Value=json.dumps(policy))

    def ask(*said: str) -> tuple[str, Any]:
        place.model.words = list(said)
        messages = [{"role": "user", "content": "I am jane.doe@example.com"}]
        body = {"model": "tiny", "user": "eve", "messages": messages, "slipway": {"conversation": "g"}}
        answer = api.ok("POST", "/chat/completions", body)
        return answer["choices"][0]["finish_reason"], answer["slipway"]["conversation"]

    assert wait_for(lambda: ask("we like ", "acme ", "corporation ")[0] == "content_filter", seconds=120)
    api.ok("DELETE", "/conversations?user=eve")
    assert ask("we like ", "acme ", "corporation ") == ("content_filter", {"id": "g", "kept": False})
    assert api.call("GET", "/conversations/g?user=eve")[0] == 404
    assert ask("mail ", "anna.smith@example.com ", "now") == ("stop", {"id": "g", "turn": 1, "kept": True})
    [turn] = api.ok("GET", "/conversations/g?user=eve")["turns"]
    assert [each["content"] for each in turn["messages"]] == ["I am [EMAIL]", "mail [EMAIL] now"]
    ask("fine")
    told = [each["content"] for each in place.model.asked[-1]["messages"]]
    assert told[-3:] == ["I am [EMAIL]", "mail [EMAIL] now", "I am [EMAIL]"]
    assert "example.com" not in place.rows()
    api.ok("DELETE", "/conversations?user=eve")
    place.model.words = words


def test_a_conversation_and_then_its_user_take_questions_answers_and_feedback_along(place: Place) -> None:
    api = place.api
    first, second = place.ask("ann", "c1"), place.ask("ann", "c2")
    other = place.ask("bob", "c1")
    for request, user in ((first, "ann"), (second, "ann"), (other, "bob"), (other, "ann")):
        api.ok("POST", "/feedback", {"request_id": request, "thumbs": "up", "text": SECRET, "user": user})
    kept = api.ok("GET", "/feedback?limit=100")["data"]
    assert [each["content"]["messages"][-1]["content"] for each in kept] == [SECRET] * 4

    told = api.ok("DELETE", "/conversations/c1?user=ann")
    assert (told["deleted"], told["exchanges_deleted"], told["feedback_deleted"]) == (True, 1, 1)
    again = api.ok("DELETE", "/conversations/c1?user=ann")
    assert (again["deleted"], again["exchanges_deleted"], again["feedback_deleted"]) == (False, 0, 0)
    told = api.ok("DELETE", "/conversations?user=ann")
    assert (told["deleted"], told["exchanges_deleted"], told["feedback_deleted"]) == (1, 1, 2)

    left = api.ok("GET", "/feedback?limit=100")["data"]
    assert [(each["request_id"], each["user"]) for each in left] == [(other, "bob")]
    told = api.ok("DELETE", "/conversations?user=bob")
    assert (told["exchanges_deleted"], told["feedback_deleted"]) == (1, 1)
    assert SECRET not in place.rows()
    day = day_of(first) or ""
    ledger = Ledger(table=place.table)
    assert len([each for each in ledger.entries("default", day) if each.id in (first, second, other)]) == 3
    assert ledger.imbalance("default", day) == {}


@pytest.mark.capability("D11")
def test_answers_that_rest_on_a_deleted_document_go_in_the_night(place: Place) -> None:
    api = place.api
    ingest(api.target, {PATH: f"# The boat\n\n{SECRET}. It lies in the harbour, and it is green all over."})
    body = {"model": "default", "user": "ann", "messages": [{"role": "user", "content": "What is my boat called?"}]}
    answered = []

    def found() -> bool:
        answered.append(api.ok("POST", "/chat/completions", body)["id"])
        entry = Ledger(table=place.table).get("default", answered[-1])
        return bool(entry and entry.documents)

    assert wait_for(found, seconds=120)
    assert f"#from#{document_id(PATH)}" in place.rows()
    api.ok("DELETE", f"/documents/{document_id(PATH)}")
    assert erase(api.target, confirm=False)["documents"] == 1
    assert f"content#{answered[-1]}" not in place.rows()
    assert f"#from#{document_id(PATH)}" not in place.rows()
    removed = api.ok("GET", f"/documents/{document_id(PATH)}")["deletion"]["removed"]
    assert removed["answers"] >= 1
