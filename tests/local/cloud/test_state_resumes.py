"""What was going on when the local cloud ended goes on when it starts again: after `down`, and after a crash.

Expectations: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token (a task
waits for its token up to a year), https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html (Lambda keeps
events until they were processed, and may process one more than once), and
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html
"""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from local.cloud.going_on import MOVED, WAIT_SECONDS, Own, queue_arn, start_all
from slipway_local import cloud

pytestmark = pytest.mark.capability("O14")


@pytest.fixture(scope="module", params=["down", "a crash"])
def own(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, local_cloud: Any) -> Iterator[Own]:
    """The local cloud after its restart; `before` holds the ended executions, `waiting` and `work` the tokens."""
    folder = tmp_path_factory.mktemp("resumes")
    own = Own(folder, local_cloud)
    start_all(own)
    own.end(request.param)
    own.up()
    yield own
    cloud.down(own.state)
    shutil.rmtree(folder)


def test_an_ended_execution_is_as_it_was(own: Own) -> None:
    for name in ("ended", "failed"):
        shown, events = own.before[name]
        answer = own.described(name)
        assert {**answer, "ResponseMetadata": 0} == {**shown, "ResponseMetadata": 0}
        assert own.events(name) == events


def test_a_failed_execution_can_be_redriven(own: Own) -> None:
    own.sfn.redrive_execution(executionArn=own.runs["failed"])
    shown = own.ended("failed")
    assert (shown["status"], shown["redriveCount"]) == ("FAILED", 1)


def test_an_approval_goes_on_with_the_same_token_and_nothing_is_asked_again(own: Own) -> None:
    assert own.described("approval")["status"] == "RUNNING"
    own.sfn.send_task_heartbeat(taskToken=own.waiting["one"])
    own.approve(own.waiting["one"])
    assert own.ended("approval")["output"] == '"last"'
    assert own.counted("approval", "TaskScheduled") == own.counted("approval", "TaskStateEntered") == 1
    assert own.counted("approval", "ExecutionStarted") == 1


def test_branches_that_had_ended_are_not_run_again(own: Own) -> None:
    own.approve(own.waiting["two"])
    assert own.ended("parallel")["output"] == '["approved", 1]'
    assert own.counted("parallel", "PassStateEntered") == 1


def test_a_nested_execution_is_followed_and_not_started_again(own: Own) -> None:
    own.approve(own.waiting["three"])
    assert own.ended("nested")["status"] == "SUCCEEDED"
    arn = own.runs["nested"].replace(":execution:", ":stateMachine:").rpartition(":")[0]
    children = own.sfn.list_executions(stateMachineArn=arn.replace(":nested", ":child"))["executions"]
    assert [child["status"] for child in children] == ["SUCCEEDED"]


def test_a_map_run_goes_on_with_the_children_that_had_not_ended(own: Own) -> None:
    own.approve(own.waiting["five"])
    assert own.ended("map")["output"] == '["approved", "approved"]'
    run = own.map_run("map")
    assert (run["status"], run["redriveCount"], run["executionCounts"]["succeeded"]) == ("SUCCEEDED", 0, 2)
    assert len(own.sfn.list_executions(mapRunArn=run["mapRunArn"])["executions"]) == 2


def test_a_worker_of_an_activity_reports_on_the_work_that_it_took(own: Own) -> None:
    own.approve(own.work)
    assert own.ended("activity")["output"] == '"approved"'


def test_a_wait_ends_when_it_would_have_ended(own: Own) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html"""
    shown = own.ended("waiting")
    assert shown["status"] == "SUCCEEDED"
    assert (shown["stopDate"] - shown["startDate"]).total_seconds() >= WAIT_SECONDS
    assert own.counted("waiting", "WaitStateEntered") == 1


def test_an_execution_still_times_out(own: Own) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html"""
    assert own.ended("late")["status"] == "TIMED_OUT"


def test_an_express_execution_goes_on(own: Own) -> None:
    """Asynchronous ones run at least once: https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html"""
    found: list[str] = []

    def told() -> list[str]:
        found.extend(own.bodies("Express"))
        return found

    assert own.local.eventually(told, seconds=60) == ["told"]


def test_an_execution_whose_caller_waited_for_the_answer_fails(own: Own) -> None:
    """At most once: https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html"""
    own.local.eventually(lambda: "ExecutionFailed" in own.logged("sync"))
    assert "nobody waits" in own.logged("sync")["ExecutionFailed"]["details"]["cause"]


def test_a_call_in_progress_is_made_again(own: Own) -> None:
    own.local.eventually(lambda: len(own.keys("call/began")) == 2, seconds=60)
    own.place.client("s3").put_object(Bucket=own.names["Bucket"], Key="call/go")
    assert own.ended("calling")["output"] == '"done"'
    assert own.counted("calling", "LambdaFunctionScheduled") == 2


def test_an_asynchronous_event_in_progress_is_run_again(own: Own) -> None:
    own.local.eventually(lambda: len(own.keys("event/began")) == 2, seconds=60)
    own.place.client("s3").put_object(Bucket=own.names["Bucket"], Key="event/go")
    own.local.eventually(lambda: own.keys("event/done"), seconds=60)
    assert own.bodies("Lost") == []


def test_messages_go_on_moving(own: Own) -> None:
    def task() -> dict[str, Any]:
        return dict(own.sqs.list_message_move_tasks(SourceArn=queue_arn(own, "Dead"))["Results"][0])

    own.local.eventually(lambda: task()["Status"] == "COMPLETED", seconds=60)
    assert task()["ApproximateNumberOfMessagesMoved"] == MOVED
    assert sorted(own.bodies("Target"), key=int) == [str(number) for number in range(MOVED)]
