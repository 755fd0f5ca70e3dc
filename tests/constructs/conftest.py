"""A stack to put constructs in, and the template it makes."""

import os
from collections.abc import Callable
from typing import Any

import pytest

os.environ["CDK_VALIDATION"] = "false"

import aws_cdk as cdk
from aws_cdk import assertions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3

import stacks  # noqa: F401 - settles which Node runs the library
from slipway_constructs.python_function import FunctionDefaults


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(context={"aws:cdk:bundling-stacks": []}), "Stack")


@pytest.fixture
def resources(stack: cdk.Stack) -> Callable[[str], list[dict[str, Any]]]:
    """Returns a function that gives the resources of one type in the finished template."""

    def found(kind: str) -> list[dict[str, Any]]:
        return list(assertions.Template.from_stack(stack).find_resources(kind).values())

    return found


@pytest.fixture
def defaults(stack: cdk.Stack) -> FunctionDefaults:
    return FunctionDefaults(
        environment="trial",
        code=lambda_.Code.from_bucket(s3.Bucket.from_bucket_name(stack, "Assets", "assets"), "code.zip"),
        layer=lambda_.LayerVersion.from_layer_version_arn(stack, "Layer", "arn:aws:lambda:eu-west-1:1:layer:l:1"),
        log_retention=logs.RetentionDays.ONE_WEEK,
        removal=cdk.RemovalPolicy.DESTROY,
    )
