import dataclasses
import json
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk

from slipway_constructs.python_function import FunctionDefaults, FunctionNetwork, PythonFunction

Resources = Callable[[str], list[dict[str, Any]]]


def make(stack: cdk.Stack, defaults: FunctionDefaults) -> None:
    PythonFunction(
        stack,
        "Chat",
        module="chat",
        description="Answers",
        defaults=defaults,
        timeout=cdk.Duration.seconds(29),
        memory=cdk.Size.mebibytes(512),
        variables={"RETRIEVE_TOP_K": "8"},
        reserved_concurrency=3,
    )


def test_a_function_runs_on_arm_with_its_own_log_group(
    stack: cdk.Stack, defaults: FunctionDefaults, resources: Resources
) -> None:
    make(stack, defaults)

    (function,) = resources("AWS::Lambda::Function")
    properties = function["Properties"]
    assert properties["Handler"] == "slipway_runtime.handlers.chat.handler"
    assert properties["Architectures"] == ["arm64"]
    assert properties["ReservedConcurrentExecutions"] == 3
    assert "Ref" in properties["LoggingConfig"]["LogGroup"]
    assert properties["Environment"]["Variables"] == {
        "POWERTOOLS_SERVICE_NAME": "chat",
        "POWERTOOLS_METRICS_NAMESPACE": "Slipway",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "SLIPWAY_ENVIRONMENT": "trial",
        "RETRIEVE_TOP_K": "8",
    }


def test_its_role_may_write_to_that_log_group_and_nothing_else(
    stack: cdk.Stack, defaults: FunctionDefaults, resources: Resources
) -> None:
    make(stack, defaults)

    (policy,) = resources("AWS::IAM::Policy")
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert list(statement["Resource"]) == ["Fn::GetAtt"]
    assert "ManagedPolicyArns" not in resources("AWS::IAM::Role")[0]["Properties"]


def test_in_a_network_it_waits_for_permission_to_join(
    stack: cdk.Stack, defaults: FunctionDefaults, resources: Resources
) -> None:
    network = FunctionNetwork(subnet_ids=["subnet-1", "subnet-2"], security_group_ids=["sg-1"])
    make(stack, dataclasses.replace(defaults, network=network))

    (function,) = resources("AWS::Lambda::Function")
    assert function["Properties"]["VpcConfig"] == {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    assert any("DefaultPolicy" in name for name in function["DependsOn"])
    assert "ec2:CreateNetworkInterface" in json.dumps(resources("AWS::IAM::Policy"))
