"""Labelling jobs in the local cloud with policies enforced: real HTTP, real state machine, several people at once.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from slipway_cli.target import Target
from slipway_local import cloud, remote
from slipway_runtime.datasets.example import read_example
from support.labelling import Api, texts, up
from support.waiting import wait_for

pytestmark = pytest.mark.capability("D7")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("labelling") / "state"


@pytest.fixture(scope="module")
def target(state: Path) -> Iterator[Target]:
    yield up(state)
    cloud.down(state)


@pytest.fixture(scope="module")
def api(target: Target) -> Api:
    return Api(target)


def test_two_people_label_every_item_once_each_and_the_execution_goes_on_once(api: Api) -> None:
    arn = api.start("pumps", texts(6), votes=2)

    def work(worker: str) -> list[str]:
        done = []
        while item := api.next("pumps", worker):
            assert api.label("pumps", item["id"], worker, "no" if item["id"] == "000006" else "yes")[0] == 200
            done.append(item["id"])
            if len(done) == 6:
                break
        return done

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(work, ["ann@example.com", "ben"]))
    report = api.report(arn)

    assert [sorted(each) for each in done] == [[f"{at:06d}" for at in range(1, 7)]] * 2
    assert report["status"] == "completed"
    assert report["outcomes"] == {"labelled": 6}
    assert report["labels"] == 12
    assert report["agreement"] == {"measure": "krippendorff_alpha_nominal", "value": 1.0, "units": 6}
    events = api.states.get_execution_history(executionArn=arn, maxResults=1000)["events"]
    assert [event["type"] for event in events].count("TaskSucceeded") == 3, "prepare, wait and merge, each once"
    shown = api.call("GET", "/pumps")[1]
    assert (shown["status"], shown["done"], shown["remaining"]) == ("completed", 6, 0)
    assert "oken" not in json.dumps(shown)


def test_results_say_what_was_labelled_and_make_training_examples(api: Api) -> None:
    results, examples = api.file("pumps", "results.jsonl"), api.file("pumps", "examples.jsonl")

    assert [(row["item"], row["document_id"], row["source_version"], row["label"]) for row in results[4:]] == [
        (5, "doc_4", "v4", "yes"),
        (6, "doc_5", "v5", "no"),
    ]
    assert "ann@example.com" not in json.dumps(results)
    assert len({vote["worker"] for row in results for vote in row["votes"]}) == 2
    first = read_example(json.dumps(examples[0]).encode())
    assert (first.origin, first.documents, first.source_versions) == ("label", ["doc_0"], ["v0"])
    assert [message.role for message in first.messages] == ["system", "user", "assistant"]
    assert "Text 0" in first.messages[1].content
    assert first.messages[2].content == "yes"


def test_a_lease_keeps_others_away_until_it_ends(api: Api) -> None:
    api.start("leases", texts(1))
    first = api.next("leases", "ann", lease_seconds=2)

    assert api.next("leases", "ann", lease_seconds=2) == first, "asking again is no second lease"
    assert api.next("leases", "ben") is None
    assert api.label("leases", first["id"], "ben", "yes")[1]["error"]["code"] == "lease_lost"
    assert wait_for(lambda: api.next("leases", "ben") is not None)
    assert api.label("leases", first["id"], "ann", "yes")[1]["error"]["code"] == "lease_lost"
    assert api.label("leases", first["id"], "ben", "yes")[0] == 200


def test_many_at_once_never_hold_the_same_item(api: Api) -> None:
    arn = api.start("crowd", texts(12))

    def work(worker: str) -> list[str]:
        done = []
        while item := api.next("crowd", worker):
            assert api.label("crowd", item["id"], worker, "yes")[0] == 200
            done.append(item["id"])
            if api.call("GET", "/crowd")[1]["remaining"] == 0:
                break
        return done

    def until_it_ends(worker: str) -> list[str]:
        try:
            return work(worker)
        except AssertionError as error:  # the last label was somebody else's, and the job has gone on
            assert "job_not_open" in str(error)
            return []

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(until_it_ends, ["ann", "ben", "cem", "dot"]))

    report = api.report(arn)
    assert (report["labels"], report["outcomes"]) == (12, {"labelled": 12})


def test_answers_that_are_lost_are_made_up_for(api: Api, state: Path) -> None:
    """A label whose answer is lost is one label; a report that never got through is made by the next who looks."""
    arn = api.start("faults", texts(2))
    first = api.next("faults", "ann")["id"]
    lost = {"operation": "dynamodb.TransactWriteItems", "error": "InternalServerError", "times": 2, "after": True}
    remote.ask(state, "POST", "faults", lost)
    assert api.label("faults", first, "ann", "yes")[0] == 200
    second = api.next("faults", "ann")["id"]
    remote.ask(state, "POST", "faults", {"operation": "stepfunctions.SendTaskSuccess", "error": "InternalFailure"})
    assert api.label("faults", second, "ann", "no")[0] == 503
    assert api.execution(arn)["status"] == "RUNNING"
    remote.ask(state, "DELETE", "faults/")

    assert api.label("faults", second, "ann", "no")[0] == 200

    assert api.report(arn)["labels"] == 2


def test_the_same_label_again_is_the_same_and_another_one_is_refused(api: Api) -> None:
    arn = api.start("twice", texts(2), votes=1)
    item = api.next("twice", "ann")["id"]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.label("twice", item, "ann", "yes"), range(4)))

    assert [status for status, _ in answers] == [200] * 4
    status, answer = api.label("twice", item, "ann", "no")
    assert (status, answer["error"]["code"], answer["error"]["param"]) == (409, "already_labelled", "label")
    assert api.call("GET", "/twice")[1]["labels"] == 1
    assert api.execution(arn)["status"] == "RUNNING"


def test_at_its_deadline_a_job_ends_as_expired_with_what_there_is(api: Api) -> None:
    lines = [*texts(4), "{broken", {"text": " "}, {"text": "theirs", "tenant": "other"}, texts(1)[0]]
    arn = api.start("late", lines, votes=2, deadline_seconds=20)
    for worker in ("ann", "ben"):
        item = api.next("late", worker)["id"]
        assert api.label("late", item, worker, "yes")[0] == 200
    assert api.label("late", api.next("late", "ann")["id"], "ann", "no")[0] == 200
    odd = api.next("late", "ann")["id"]
    assert api.call("POST", f"/late/items/{odd}/flag", {"worker": "ann", "reason": "not a text"})[0] == 200

    report = api.report(arn)

    assert report["status"] == "expired"
    assert report["outcomes"] == {"flagged": 1, "labelled": 1, "partial": 1, "unlabelled": 1}
    assert report["rejected"] == 4
    rejected = api.file("late", "rejected.jsonl")
    assert [row["line"] for row in rejected] == [5, 6, 7, 8]
    assert all(row["reason"] for row in rejected)
    assert api.call("POST", "/late/next", {"worker": "ann"})[1]["error"]["code"] == "job_not_open"
    assert len(api.file("late", "examples.jsonl")) == 1


def test_a_skipped_item_is_offered_to_others_and_not_to_the_same_person(api: Api) -> None:
    api.start("skips", texts(2))
    item = api.next("skips", "ann")["id"]
    reason = {"worker": "ann", "reason": "I cannot read it"}

    assert [api.call("POST", f"/skips/items/{item}/skip", reason)[0] for _ in range(2)] == [200, 200]
    assert api.next("skips", "ann")["id"] != item
    assert api.next("skips", "ben")["id"] == item


def test_nothing_was_denied_and_no_log_has_a_token_or_a_person(api: Api, target: Target, state: Path) -> None:
    roles = cloud.permissions(state)["roles"]
    logs = target.client("logs")
    lines = [
        event["message"]
        for group in logs.describe_log_groups()["logGroups"]
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]

    assert {one["role"]: one["denied"] for one in roles if one["denied"]} == {}
    unused = {
        call["action"] for one in roles if "abelling" in one["role"] or "-Step" in one["role"] for call in one["unused"]
    }
    assert {action for action in unused if not action.startswith(("logs:", "xray:"))} <= {
        "s3:AbortMultipartUpload",  # a report of many megabytes, that fails
        *("s3:GetObject", "s3:ListBucket"),  # of curated documents: test_labelling_requests.py
    }
    machine = target.parameter("labelling/state-machine-arn")
    tokens = [
        json.loads(event["taskScheduledEventDetails"]["parameters"])["Payload"]["token"]
        for execution in api.states.list_executions(stateMachineArn=machine)["executions"]
        for event in api.states.get_execution_history(executionArn=execution["executionArn"])["events"]
        if event["type"] == "TaskScheduled" and '"token"' in event["taskScheduledEventDetails"]["parameters"]
    ]
    assert tokens
    assert not [line for line in lines if any(token in line for token in tokens)]
    assert any("labelling" in line for line in lines)
    assert not [line for line in lines if "ann@example.com" in line or "Text 0" in line]
    with pytest.raises(api.s3.exceptions.NoSuchKey):
        api.s3.get_object(Bucket=api.bucket, Key="labelling/bad-task/items.jsonl")
