"""Names that pass between stacks: SSM parameters `/slipway/<environment>/<stack>/<name>`.

CloudFormation exports would do the same and then refuse every change of what they export.
"""

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm
from constructs import Construct


def parameter_name(environment: str, stack: str, name: str) -> str:
    """Return the name of the parameter in which `stack` publishes `name`."""
    return f"/slipway/{environment}/{stack}/{name}"


def publish(scope: Construct, environment: str, stack: str, values: dict[str, str]) -> None:
    """Create one parameter for each value, under a construct `Names`."""
    names = Construct(scope, "Names")
    for name, value in values.items():
        ssm.CfnParameter(
            names,
            "".join(part.capitalize() for part in name.split("-")),
            type="String",
            name=parameter_name(environment, stack, name),
            value=value,
        )


def look_up(scope: Construct, environment: str, stack: str, name: str) -> str:
    """Return a token for what `stack` published as `name`; CloudFormation reads it when it deploys."""
    return ssm.StringParameter.value_for_string_parameter(scope, parameter_name(environment, stack, name))


def part_of_arn(arn: str, index: int) -> str:
    """Return a token for one of the colon-separated parts of an ARN that is itself a token; 0 is `arn`."""
    return cdk.Fn.select(index, cdk.Fn.split(":", arn))


def trail_name(environment: str) -> str:
    """Return the name of an environment's trail, which its bucket has to know before the trail is there."""
    return f"slipway-{environment}"
