"""What the roles of state machines and functions must be allowed, where policies are evaluated.

Expectations: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html,
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html#maprun-iam-permission and each test's.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud.state_machines import Machines, chain
from slipway_local import cloud
from support.enforced import ACCOUNT, document, statement

pytestmark = pytest.mark.capability("O14")
FLAG = "/enforced/redriven"
MACHINES = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine"
CHILDREN = f"arn:aws:states:us-east-1:{ACCOUNT}:execution"
READ = statement("Allow", "ssm:GetParameter", "*")
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:enforced-failures"


@pytest.fixture(scope="module")
def runner(enforcing_cloud: Any) -> Machines:
    enforcing_cloud.place.client("sqs").create_queue(QueueName="enforced-failures")
    return Machines(enforcing_cloud)


@pytest.fixture
def flag(runner: Machines) -> Iterator[Any]:
    ssm = runner.cloud.place.client("ssm")
    yield lambda: ssm.put_parameter(Name=FLAG, Value="there", Type="String")
    ssm.delete_parameters(Names=[FLAG])


def role(runner: Machines, name: str, *statements: Any, service: str = "states.amazonaws.com") -> str:
    iam = runner.cloud.place.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document(trust)))["Role"]["Arn"]
    allow(runner, name, *statements)
    return str(arn)


def allow(runner: Machines, name: str, *statements: Any) -> None:
    text = json.dumps(document(*statements or (statement("Allow", "logs:PutLogEvents", "*"),)))
    runner.cloud.place.client("iam").put_role_policy(RoleName=name, PolicyName="Own", PolicyDocument=text)


def mapped(runner: Machines, name: str, role_arn: str, kind: str = "STANDARD") -> str:
    """Run a distributed map whose children read the parameter `FLAG`; return the execution's ARN."""
    mode = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}}
    read = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter", "Parameters": {"Name": FLAG}}
    fan = {"Type": "Map", "ItemsPath": "$.xs", "Label": "Items", "ItemProcessor": {**chain(read, prefix="R"), **mode}}
    arn = runner.client.create_state_machine(name=name, definition=json.dumps(chain(fan)), roleArn=role_arn)
    return runner.start_arn(arn["stateMachineArn"], {"xs": [1, 2]})


def test_a_distributed_map_needs_leave_to_start_executions_of_its_own_machine(runner: Machines, flag: Any) -> None:
    flag()
    starts = statement("Allow", "states:StartExecution", f"{MACHINES}:enf-map", Sid="Starts")
    arn = role(runner, "enf-map", READ)
    execution = mapped(runner, "enf-map", arn)
    shown = runner.ended(execution)
    assert (shown["status"], shown["error"]) == ("FAILED", "States.Permissions")
    assert f"states:StartExecution on resource: {MACHINES}:enf-map" in shown["cause"]

    allow(runner, "enf-map", READ, starts)
    runner.client.redrive_execution(executionArn=execution)
    assert runner.ended(execution)["status"] == "SUCCEEDED"
    told = next(one for one in cloud.permissions(runner.cloud.state)["roles"] if one["role"] == arn)
    assert told["unused"] == []


@pytest.mark.parametrize(("kind", "wanted"), [("STANDARD", "states:RedriveExecution"), ("EXPRESS", None)])
def test_redriven_children_need_leave_of_their_own(runner: Machines, flag: Any, kind: str, wanted: str | None) -> None:
    """Express children are started once more, which the machine may already."""
    name = f"enf-redrive-{kind.lower()}"
    starts = statement("Allow", "states:StartExecution", f"{MACHINES}:{name}")
    arn = role(runner, name, READ, starts)
    execution = mapped(runner, name, arn, kind)
    assert runner.ended(execution)["error"] == "States.ExceedToleratedFailureThreshold"
    flag()
    if wanted:
        runner.client.redrive_execution(executionArn=execution)
        shown = runner.ended(execution)
        assert (shown["status"], shown["error"]) == ("FAILED", "States.Permissions")
        assert f"{wanted} on resource: {CHILDREN}:{name}/Items:" in shown["cause"]
        allow(runner, name, READ, starts, statement("Allow", wanted, f"{CHILDREN}:{name}/Items:*"))
    runner.client.redrive_execution(executionArn=execution)
    assert runner.ended(execution)["status"] == "SUCCEEDED"


def test_a_state_machine_needs_a_role_that_trusts_step_functions(runner: Machines) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html"""
    arn = role(runner, "enf-untrusting", service="ec2.amazonaws.com")
    definition = json.dumps(chain({"Type": "Pass"}))
    with pytest.raises(ClientError, match="is authorized to assume the provided role") as raised:
        runner.client.create_state_machine(name="enf-untrusted", definition=definition, roleArn=arn)
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
    good = role(runner, "enf-trusting")
    made = runner.client.create_state_machine(name="enf-untrusted", definition=definition, roleArn=good)
    with pytest.raises(ClientError, match="is authorized to assume the provided role"):
        runner.client.update_state_machine(stateMachineArn=made["stateMachineArn"], roleArn=arn)


FUNCTIONS = {
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
    "dead letters": ({"DeadLetterConfig": {"TargetArn": QUEUE}}, "SendMessage on SQS", ["sqs:SendMessage"]),
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    "network": (
        {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
        "CreateNetworkInterface on EC2",
        ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"],
    ),
}


@pytest.mark.parametrize("case", list(FUNCTIONS))
def test_a_function_needs_a_role_that_may_do_what_its_settings_ask(runner: Machines, case: str) -> None:
    settings, missing, actions = FUNCTIONS[case]
    name = f"enf-{case.replace(' ', '-')}"
    function = function_of(runner, name, role(runner, name, service="lambda.amazonaws.com"))
    client = runner.cloud.place.client("lambda")
    message = f"The provided execution role does not have permissions to call {missing}"
    with pytest.raises(client.exceptions.InvalidParameterValueException, match=message):
        client.create_function(**{**function, "FunctionName": f"{name}-new"}, **settings)
    client.create_function(**function)
    with pytest.raises(client.exceptions.InvalidParameterValueException, match=message):
        client.update_function_configuration(FunctionName=name, **settings)
    allow(runner, name, statement("Allow", actions, "*"))
    client.update_function_configuration(FunctionName=name, **settings)


def test_a_destination_needs_a_role_that_may_send_to_it(runner: Machines) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-async-destinations"""
    client, name = runner.cloud.place.client("lambda"), "enf-destination"
    client.create_function(**function_of(runner, name, role(runner, name, service="lambda.amazonaws.com")))
    settings = {"FunctionName": name, "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}}
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="permissions to call SendMessage on"):
        client.put_function_event_invoke_config(**settings)
    allow(runner, name, statement("Allow", "sqs:SendMessage", QUEUE))
    client.put_function_event_invoke_config(**settings)


def function_of(runner: Machines, name: str, role_arn: str) -> dict[str, Any]:
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return 1\n")
    return {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": role_arn,
        "Code": {"ZipFile": packed.getvalue()},
    }
