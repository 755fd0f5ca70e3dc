"""Executions from outside: start, stop, redrive, history, express machines, events, logs, deployment, validation.

Expectations: https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html,
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html,
https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html and
https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud.state_machines import ROLE, Machines, chain, one
from slipway_local import cloud

pytestmark = pytest.mark.capability("O14")
LOG_GROUP = "/aws/vendedlogs/states/deployed"


@pytest.fixture(scope="module")
def machines(local_cloud: Any) -> Machines:
    return Machines(local_cloud)


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


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


def failing_until(local_cloud: Any, name: str) -> dict[str, Any]:
    """A Task that fails until the parameter `name` exists."""
    return {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter", "Parameters": {"Name": name},
            "ResultSelector": {"value.$": "$.Parameter.Value"}, "ResultPath": "$.found"}  # fmt: skip


def test_a_redrive_goes_on_from_the_failed_state_with_its_input(local_cloud: Any, machines: Machines) -> None:
    definition = chain(
        {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "Assign": {"kept.$": "$.id"}},
        failing_until(local_cloud, "/redrive/simple"),
        {
            "Type": "Pass",
            "Parameters": {
                "id.$": "$.id",
                "kept.$": "$kept",
                "count.$": "$$.Execution.RedriveCount",
                "v.$": "$.found.value",
            },
        },
    )
    failed = machines.run(definition)
    assert (failed["status"], failed["redriveStatus"], failed["redriveCount"]) == ("FAILED", "REDRIVABLE", 0)
    before = machines.events(failed["executionArn"])
    local_cloud.place.client("ssm").put_parameter(Name="/redrive/simple", Value="v", Type="String")
    machines.client.redrive_execution(executionArn=failed["executionArn"])
    shown = machines.ended(failed["executionArn"])
    assert (shown["status"], shown["redriveCount"], shown["redriveStatus"]) == ("SUCCEEDED", 1, "NOT_REDRIVABLE")
    made = json.loads(before[2]["stateExitedEventDetails"]["output"])["id"]
    assert shown["output"] == {"id": made, "kept": made, "count": 1, "v": "v"}
    events = machines.events(failed["executionArn"])
    assert events[: len(before)] == before
    assert [event["type"] for event in events[len(before) : len(before) + 2]] == ["ExecutionRedriven", "TaskScheduled"]
    with refused("ExecutionNotRedrivable"):
        machines.client.redrive_execution(executionArn=failed["executionArn"])


def test_a_redrive_repeats_only_the_branches_items_and_children_that_failed(
    local_cloud: Any, machines: Machines
) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html"""
    name = "/redrive/parts"

    def part(prefix: str) -> dict[str, Any]:
        wanted = {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": f"{prefix}T"}],
            "Default": f"{prefix}U",
        }
        made = {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "End": True}
        return one(
            {f"{prefix}C": wanted, f"{prefix}T": {**failing_until(local_cloud, name), "End": True}, f"{prefix}U": made},
            f"{prefix}C",
        )

    fixed = {**part("B"), "StartAt": "BU"}
    del fixed["States"]["BC"], fixed["States"]["BT"]
    mode = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    items = {"Type": "Map", "ItemsPath": "$.xs", "MaxConcurrency": 1}
    definition = one({"P": {"Type": "Parallel", "End": True, "Branches": [
        fixed,
        chain({**items, "ItemProcessor": part("I")}, prefix="Inline"),
        chain({**items, "ItemProcessor": {**part("D"), **mode}}, prefix="Distributed"),
        chain({"Type": "Wait", "Seconds": 1}, failing_until(local_cloud, name), prefix="Late"),
    ]}}, "P")  # fmt: skip
    failed = machines.run(definition, {"xs": [{"n": 0}, {"n": 1}, {"n": 2}]})
    assert failed["status"] == "FAILED"
    local_cloud.place.client("ssm").put_parameter(Name=name, Value="v", Type="String")
    machines.client.redrive_execution(executionArn=failed["executionArn"])
    shown = machines.ended(failed["executionArn"])
    assert shown["status"] == "SUCCEEDED", shown
    events = machines.events(failed["executionArn"])
    exited = [e["stateExitedEventDetails"] for e in events if "stateExitedEventDetails" in e]
    assert [e["name"] for e in exited].count("BU") == 1, "the branch that succeeded ran once"
    assert json.loads(next(e["output"] for e in exited if e["name"] == "BU")) == shown["output"][0]
    assert [e["name"] for e in exited].count("IU") == 2, "of the inline items, 0 and 2 ran once each"
    (run,) = machines.client.list_map_runs(executionArn=failed["executionArn"])["mapRuns"]
    children = machines.client.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert len(children) == 3, "children that succeeded are not started again"
    assert all(child["status"] == "SUCCEEDED" for child in children)
    assert sum(child["redriveCount"] for child in children) == 1
    assert shown["output"][1][1]["found"] == {"value": "v"}
    assert shown["output"][2][1]["found"] == {"value": "v"}


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


def test_a_deployed_machine_has_substitutions_logs_versions_and_an_alias(local_cloud: Any, machines: Machines) -> None:
    """As AWS's page of AWS::StepFunctions::StateMachine and its neighbours say."""

    def body(answer: str) -> dict[str, Any]:
        definition = '{"StartAt":"A","States":{"A":{"Type":"Pass","Result":{"is":"${answer}","n":${n}},"End":true}}}'
        group = {"Fn::GetAtt": ["Log", "Arn"]}
        return {
            "Resources": {
                "Role": local_cloud.role(),
                "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": LOG_GROUP}},
                "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
                    "StateMachineName": "deployed", "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "DefinitionString": definition, "DefinitionSubstitutions": {"answer": answer, "n": 3},
                    "Tags": [{"Key": "team", "Value": "blue"}],
                    "LoggingConfiguration": {"Level": "ALL", "IncludeExecutionData": True,
                                             "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": group}}]}}},
                "Version": {"Type": "AWS::StepFunctions::StateMachineVersion",
                            "Properties": {"StateMachineArn": {"Ref": "Machine"}}},
                "Alias": {"Type": "AWS::StepFunctions::StateMachineAlias", "Properties": {"Name": "live",
                    "RoutingConfiguration": [{"StateMachineVersionArn": {"Ref": "Version"}, "Weight": 100}]}},
            },
            "Outputs": {"Alias": {"Value": {"Ref": "Alias"}}, "Name": {"Value": {"Fn::GetAtt": ["Machine", "Name"]}},
                        "Arn": {"Value": {"Ref": "Machine"}}},
        }  # fmt: skip

    out = local_cloud.outputs(local_cloud.deploy(Deployed=body("first")), "Deployed")
    assert out["Name"] == "deployed"
    shown = machines.ended(machines.start_arn(out["Alias"]))
    assert shown["output"] == {"is": "first", "n": 3}
    assert (shown["stateMachineAliasArn"], shown["stateMachineVersionArn"]) == (out["Alias"], out["Arn"] + ":1")
    tags = machines.client.list_tags_for_resource(resourceArn=out["Arn"])["tags"]
    assert {"key": "team", "value": "blue"} in tags
    logs = local_cloud.place.client("logs")
    found = logs.filter_log_events(logGroupName=LOG_GROUP)["events"]
    lines = [json.loads(event["message"]) for event in found]
    assert [line["type"] for line in lines] == machines.event_types(shown["executionArn"])
    assert lines[0]["details"]["input"] == "{}"

    out = local_cloud.outputs(local_cloud.deploy(Deployed=body("second")), "Deployed")
    assert machines.ended(machines.start_arn(out["Arn"]))["output"]["is"] == "second"
    assert machines.ended(machines.start_arn(out["Alias"]))["output"]["is"] == "first", "the version stays as it was"
    local_cloud.remove("Deployed")
    with refused("StateMachineDoesNotExist"):
        machines.start_arn(out["Arn"])


def test_a_definition_comes_from_s3(local_cloud: Any, machines: Machines) -> None:
    s3 = local_cloud.place.client("s3")
    s3.create_bucket(Bucket="definitions")
    s3.put_object(Bucket="definitions", Key="m.json", Body=json.dumps(chain({"Type": "Pass", "Result": 5})).encode())
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
        "RoleArn": ROLE, "DefinitionS3Location": {"Bucket": "definitions", "Key": "m.json"}}}  # fmt: skip
    body = {"Resources": {"Machine": machine}, "Outputs": {"Arn": {"Value": {"Ref": "Machine"}}}}
    out = local_cloud.outputs(local_cloud.deploy(FromS3=body), "FromS3")
    assert machines.ended(machines.start_arn(out["Arn"]))["output"] == 5


SCHEMA, TARGET = "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET"
TWICE = {"Type": "Parallel", "Branches": [one({"S0": {"Type": "Succeed"}}, "S0")]}
UNRETRIABLE = {"Type": "Parallel", "Branches": [], "Retry": [{"ErrorEquals": ["States.ALL", "E"]}]}
WRONG = [
    ({"StartAt": "A"}, SCHEMA, "/States"),
    (one({"A": {"Type": "Pass", "Next": "Gone"}}), TARGET, "/States/A/Next"),
    (one({"A": {"Type": "Nope", "End": True}}), SCHEMA, "/States/A/Type"),
    (one({"A": {"Type": "Pass"}}), SCHEMA, "/States/A"),
    (one({"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}), TARGET, "/States/B"),
    (chain({"Type": "Pass", "Colour": 1}), SCHEMA, "/States/S0/Colour"),
    (chain({"Type": "Pass", "Output": 1}), SCHEMA, "/States/S0/Output"),
    (chain({"Type": "Pass", "InputPath": "$"}, QueryLanguage="JSONata"), SCHEMA, "/States/S0/InputPath"),
    (chain({"Type": "Pass", "Output": "{% 1 + %}"}, QueryLanguage="JSONata"), SCHEMA, "/States/S0/Output"),
    (chain({"Type": "Pass", "Parameters": {"a.$": "x"}}), SCHEMA, "/States/S0/Parameters/a.$"),
    (chain({"Type": "Pass", "Parameters": {"b.$": "States.Nope()"}}), SCHEMA, "/States/S0/Parameters/b.$"),
    (chain({"Type": "Task", "Resource": "arn:nonsense"}), SCHEMA, "/States/S0/Resource"),
    (chain(TWICE), "DUPLICATE_STATE_NAME", "/States/S0/Branches[0]/States/S0"),
    (chain(UNRETRIABLE), SCHEMA, "/States/S0/Retry[0]/ErrorEquals"),
]


@pytest.mark.parametrize(("definition", "code", "location"), WRONG, ids=[location for _, _, location in WRONG])
def test_a_wrong_definition_is_refused_with_its_place(
    machines: Machines, definition: Any, code: str, location: str
) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html"""
    answer = machines.client.validate_state_machine_definition(definition=json.dumps(definition))
    assert answer["result"] == "FAIL"
    assert (code, location) in [(one["code"], one["location"]) for one in answer["diagnostics"]]
    with refused("InvalidDefinition") as caught:
        machines.create(definition)
    assert f"at {location}" in str(caught.value)


def test_a_right_definition_has_no_diagnostics(machines: Machines) -> None:
    answer = machines.client.validate_state_machine_definition(definition=json.dumps(chain({"Type": "Pass"})))
    assert (answer["result"], answer["diagnostics"]) == ("OK", [])


def test_a_wrong_definition_rolls_the_deployment_back(local_cloud: Any) -> None:
    wrong = one({"A": {"Type": "Pass", "Next": "Gone"}})
    properties = {"RoleArn": ROLE, "StateMachineName": "wrong", "Definition": wrong}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    with pytest.raises(cloud.LocalCloudError, match="/States/A/Next"):
        local_cloud.deploy(Wrong={"Resources": {"Machine": machine}})
    names = [one["name"] for one in local_cloud.place.client("stepfunctions").list_state_machines()["stateMachines"]]
    assert "wrong" not in names
