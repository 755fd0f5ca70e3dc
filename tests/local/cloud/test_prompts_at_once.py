"""Many writers of one prompt at once, over HTTP against a table of the local cloud.

Transactions: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.prompts.experiment_counts import Observation, Tally
from slipway_runtime.generate.prompts.labels import Labels
from slipway_runtime.generate.prompts.versions import Author, Versions
from slipway_runtime.operate.rows import Table

ANN = Author("acme/ann", "why not")
KEYS = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("subject", "item")],
    "KeySchema": [{"AttributeName": "subject", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture(scope="module")
def table(local_cloud: Any) -> Table:
    stack = {
        "Resources": {"Prompts": {"Type": "AWS::DynamoDB::Table", "Properties": KEYS}},
        "Outputs": {"Name": {"Value": {"Ref": "Prompts"}}},
    }
    name = local_cloud.outputs(local_cloud.deploy(Prompts=stack), "Prompts")["Name"]
    return Table(client=local_cloud.place.client("dynamodb"), name=name)


@pytest.fixture
def versions(table: Table, request: pytest.FixtureRequest) -> Versions:
    return Versions(table=table, tenant=f"t{abs(hash(request.node.name)) % 10**9}")


@pytest.fixture
def labels(versions: Versions) -> Labels:
    return Labels(versions=versions)


def at_once(work: Callable[[int], Any], threads: int = 8) -> list[Any]:
    found: list[Any] = []

    def run(number: int) -> None:
        try:
            found.append(work(number))
        except ApiError as error:
            found.append(error.code)

    started = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for each in started:
        each.start()
    for each in started:
        each.join(60)
    return found


@pytest.mark.capability("P1")
def test_many_writers_get_versions_of_their_own_and_each_is_noted(versions: Versions) -> None:
    found = at_once(lambda number: versions.create("greet", f"body {number % 4}", ANN).number)
    found = [versions.create("greet", f"body {n}", ANN).number if one == "busy" else one for n, one in enumerate(found)]

    assert sorted(set(found)) == [1, 2, 3, 4]
    assert [(entry.number, entry.after) for entry in versions.audit("greet")] == [(n, str(n)) for n in (4, 3, 2, 1)]


@pytest.mark.capability("P1")
def test_of_many_that_move_a_label_from_one_version_one_does(versions: Versions, labels: Labels) -> None:
    for number in range(1, 10):
        versions.create("greet", f"body {number}", ANN)
    labels.put("greet", "production", 1, ANN)
    found = at_once(lambda number: labels.put("greet", "production", number + 2, ANN, expected=1))
    moved = [one for one in found if one not in ("label_moved", "busy")]
    assert len(moved) == 1
    assert labels.get("greet", "production") == moved[0]

    back = at_once(lambda _: labels.rollback("greet", "production", ANN, expected=moved[0].version))
    assert len([one for one in back if one not in ("label_moved", "busy", "no_earlier_version")]) == 1
    assert labels.get("greet", "production").version == 1


@pytest.mark.capability("P1")
def test_the_audit_tells_every_change_in_order_whoever_made_it(versions: Versions, labels: Labels) -> None:
    for number in range(1, 9):
        versions.create("greet", f"body {number}", ANN)
    done = at_once(lambda number: labels.put("greet", f"label-{number}", number + 1, Author(f"acme/{number}")))
    entries = list(versions.audit("greet"))

    assert [entry.number for entry in entries] == list(range(len(entries), 0, -1))
    assert len([one for one in done if one != "busy"]) == len([e for e in entries if e.action == "label"])
    assert [e.number for e in versions.audit("greet", before=5, limit=2)] == [4, 3]


@pytest.mark.capability("P3")
def test_events_that_come_at_once_and_again_are_counted_once_each(table: Table, versions: Versions) -> None:
    """40 events of 30 people, each event sent four times by four writers."""
    tally = Tally(table=table, tenant=versions.tenant)
    events = [Observation(1, 2, f"user-{at % 30}", "thumbs", 1_000_000, f"event-{at}") for at in range(40)]
    found = at_once(lambda _: [tally.add("e", event) for event in events], threads=4)

    said = [one for each in found for one in each]
    assert (said.count("counted"), said.count("repeat"), said.count("duplicate")) == (30, 10, 120)
    assert tally.read("e")[1]["thumbs"][2] == (30, 30.0)
