"""Executions from outside: start, stop, redrive, history, express machines, events, logs, deployment, validation.

Expectations: https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html,
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html,
https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html and
https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

import json
from typing import Any

import pytest

from local.cloud.state_machines import ROLE, Machines, chain, one, refused

pytestmark = pytest.mark.capability("O14")


def test_names_make_executions_idempotent_while_they_run(machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""
    arn = machines.create(chain({"Type": "Wait", "Seconds": 300}))
    first = machines.client.start_execution(stateMachineArn=arn, name="n", input='{"a":1}')
    assert first["executionArn"].endswith(":execution:" + arn.rsplit(":", 1)[1] + ":n")
    again = machines.client.start_execution(stateMachineArn=arn, name="n", input='{"a":1}')
    assert again["executionArn"] == first["executionArn"]
    with refused("ExecutionAlreadyExists"):
        machines.client.start_execution(stateMachineArn=arn, name="n", input='{"a":2}')
    with refused("InvalidExecutionInput"):
        machines.client.start_execution(stateMachineArn=arn, input="{")
    with refused("InvalidName"):
        machines.client.start_execution(stateMachineArn=arn, name="a b")
    machines.client.stop_execution(executionArn=first["executionArn"], error="Enough", cause="by hand")
    shown = machines.ended(first["executionArn"])
    assert (shown["status"], shown["error"], shown["cause"]) == ("ABORTED", "Enough", "by hand")
    with refused("ExecutionAlreadyExists"):
        machines.client.start_execution(stateMachineArn=arn, name="n", input='{"a":1}')


def test_executions_are_listed_newest_first_in_pages(machines: Machines) -> None:
    arn = machines.create(chain({"Type": "Pass"}))
    started = [machines.start_arn(arn, {"n": n}) for n in range(3)]
    for execution in started:
        machines.ended(execution)
    page = machines.client.list_executions(stateMachineArn=arn, maxResults=2)
    rest = machines.client.list_executions(stateMachineArn=arn, nextToken=page["nextToken"])
    listed = [one["executionArn"] for one in page["executions"] + rest["executions"]]
    assert listed == started[::-1]
    assert machines.client.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"] == []


def test_the_history_tells_each_step(machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html"""
    shown = machines.run(chain({"Type": "Pass", "Result": {"x": 1}}, {"Type": "Succeed"}), {"in": 1})
    events = machines.events(shown["executionArn"])
    assert [event["type"] for event in events] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "SucceedStateEntered", "SucceedStateExited",
        "ExecutionSucceeded",
    ]  # fmt: skip
    assert [(event["id"], event["previousEventId"]) for event in events] == [
        (1, 0),
        (2, 0),
        (3, 2),
        (4, 3),
        (5, 4),
        (6, 5),
    ]
    assert events[0]["executionStartedEventDetails"]["roleArn"] == ROLE
    assert events[1]["stateEnteredEventDetails"] == {
        "name": "S0",
        "input": '{"in": 1}',
        "inputDetails": {"truncated": False},
    }
    assert json.loads(events[5]["executionSucceededEventDetails"]["output"]) == {"x": 1}
    newest = machines.client.get_execution_history(executionArn=shown["executionArn"], reverseOrder=True, maxResults=1)
    assert newest["events"][0]["id"] == 6
    assert newest["nextToken"]


def test_a_machine_times_out(machines: Machines) -> None:
    shown = machines.run(chain({"Type": "Wait", "Seconds": 300}, TimeoutSeconds=1))
    assert (shown["status"], shown["error"]) == ("TIMED_OUT", "States.Timeout")
    assert machines.event_types(shown["executionArn"])[-1] == "ExecutionTimedOut"


def test_deleting_a_machine_stops_its_executions(machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html"""
    loop = one({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}})
    arn = machines.create(loop)
    execution = machines.start_arn(arn)
    machines.client.delete_state_machine(stateMachineArn=arn)
    assert machines.ended(execution)["status"] == "ABORTED"
    with refused("StateMachineDoesNotExist"):
        machines.start_arn(arn)


def test_an_endless_machine_ends_at_the_limit_of_its_history(machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html (25,000 events)"""
    shown = machines.ended(
        machines.start(one({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}})), 60
    )
    assert (shown["status"], shown["error"]) == ("FAILED", "States.Runtime")
    assert "25000" in shown["cause"]


def test_express_machines_answer_at_once(machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html"""
    arn = machines.create(chain({"Type": "Pass", "Parameters": {"y.$": "$.x"}}), type="EXPRESS")
    answer = machines.client.start_sync_execution(stateMachineArn=arn, input='{"x": 1}')
    assert (answer["status"], json.loads(answer["output"])) == ("SUCCEEDED", {"y": 1})
    assert answer["billingDetails"]["billedDurationInMilliseconds"] % 100 == 0
    assert ":express:" in answer["executionArn"]
    failing = machines.create(chain({"Type": "Fail", "Error": "E", "Cause": "c"}), type="EXPRESS")
    answer = machines.client.start_sync_execution(stateMachineArn=failing)
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "E", "c")
    with refused("InvalidArn"):
        machines.client.describe_execution(executionArn=answer["executionArn"])
    with refused("StateMachineTypeNotSupported"):
        machines.client.start_sync_execution(stateMachineArn=machines.create(chain({"Type": "Succeed"})))


def test_status_changes_are_events_and_rules_start_machines(local_cloud: Any) -> None:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"done": True}, "End": True}}}
    body = {
        "Resources": {
            "Role": local_cloud.role(),
            "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "Definition": definition}},
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Start": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["start.it"]}, "Targets": [
                {"Id": "m", "Arn": {"Ref": "Machine"}, "RoleArn": ROLE, "InputPath": "$.detail"}]}},
            "Hear": {"Type": "AWS::Events::Rule", "Properties": {
                "EventPattern": {"source": ["aws.states"], "detail": {"stateMachineArn": [{"Ref": "Machine"}]}},
                "Targets": [{"Id": "q", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}]}},
        },
        "Outputs": {"Queue": {"Value": {"Ref": "Queue"}}, "Machine": {"Value": {"Ref": "Machine"}}},
    }  # fmt: skip
    out = local_cloud.outputs(local_cloud.deploy(MachineEvents=body), "MachineEvents")
    entry = {"Source": "start.it", "DetailType": "d", "Detail": '{"x": 1}'}
    local_cloud.place.client("events").put_events(Entries=[entry])
    sqs = local_cloud.place.client("sqs")
    heard: list[dict[str, Any]] = []

    def both() -> bool:
        for message in sqs.receive_message(QueueUrl=out["Queue"], MaxNumberOfMessages=10).get("Messages", []):
            heard.append(json.loads(message["Body"]))
        return len(heard) == 2

    local_cloud.eventually(both)
    by_status = {event["detail"]["status"]: event for event in heard}
    assert set(by_status) == {"RUNNING", "SUCCEEDED"}
    event = by_status["SUCCEEDED"]
    assert (event["detail-type"], event["resources"]) == (
        "Step Functions Execution Status Change",
        [event["detail"]["executionArn"]],
    )
    assert json.loads(event["detail"]["input"]) == {"x": 1}
    assert json.loads(event["detail"]["output"]) == {"done": True}
    assert event["detail"]["stopDate"] >= event["detail"]["startDate"] > 1e12
