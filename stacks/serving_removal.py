"""Takes endpoints away that deployments have made, when the settings or the stack no longer have them.

A custom resource for each: it goes before what it depends on, so that an endpoint is empty when CloudFormation deletes
it. Without it, instances would go on being paid for.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from slipway_constructs.permissions import allow, allow_key
from slipway_constructs.python_function import PythonFunction

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

    from slipway_constructs.followed_endpoint import FollowedEndpoint
    from stacks.slipway_stack import SlipwayStack

MADE_REASON = "Models and configurations are named by endpoint, version and deployment, of which the first is known."
TARGETS_REASON = "Application Auto Scaling makes up the ids of scalable targets, which are not known before."


class Removal:
    """The function, made with the first endpoint that is added."""

    def __init__(self, stack: SlipwayStack) -> None:
        self._stack = stack
        self._function: PythonFunction | None = None

    def add(self, name: str, endpoint: str, made: FollowedEndpoint) -> None:
        """Let what deployments make of an endpoint go with `made`."""
        function = self._function = self._function or self._made()
        self._permit(function.role, endpoint)
        resource = cdk.CustomResource(
            made,
            "Deployed",
            resource_type="Custom::DeployedEndpoint",
            service_token=function.function.function_arn,
            properties={"Name": name, "Endpoint": endpoint, "Component": "true" if made.shell else "false"},
        )
        # What the function may do, and what it empties, must still be there when it is called on the way down.
        resource.node.add_dependency(function.role.node.find_child("DefaultPolicy"))
        if made.shell:
            resource.node.add_dependency(made.shell)

    def _made(self) -> PythonFunction:
        stack = self._stack
        function = PythonFunction(
            stack,
            "RemoveEndpoint",
            module="remove_endpoint",
            description="Takes endpoints away that deployments have made",
            defaults=stack.function_defaults("api", in_network=False),
            timeout=cdk.Duration.minutes(15),
            memory=cdk.Size.mebibytes(256),
            variables={"DEPLOYMENTS_TABLE": stack.look_up("foundation", "deployments-table-name")},
        )
        allow(function.role, ["dynamodb:GetItem", "dynamodb:UpdateItem"], [stack.table_arn("deployments")])
        key = stack.key()
        allow_key(function.role, key.key_arn if key else None)
        return function

    def _permit(self, role: iam.Role, endpoint: str) -> None:
        stack = self._stack

        def arn(kind: str, tail: str = "") -> str:
            return stack.format_arn(service="sagemaker", resource=kind, resource_name=endpoint + tail)

        for kind, resource in (("Endpoint", "endpoint"), ("InferenceComponent", "inference-component")):
            allow(role, [f"sagemaker:{verb}{kind}" for verb in ("Describe", "Delete")], [arn(resource)])
        made = [arn("model", "-v*"), arn("endpoint-config", "-v*")]
        allow(role, ["sagemaker:DeleteModel", "sagemaker:DeleteEndpointConfig"], made, wildcard_reason=MADE_REASON)
        alarm = stack.format_arn(
            service="cloudwatch",
            resource="alarm",
            resource_name=f"{endpoint}-asleep",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        allow(role, ["cloudwatch:DeleteAlarms"], [alarm])
        target = stack.format_arn(service="application-autoscaling", resource="scalable-target", resource_name="*")
        allow(role, ["application-autoscaling:DeregisterScalableTarget"], [target], wildcard_reason=TARGETS_REASON)
