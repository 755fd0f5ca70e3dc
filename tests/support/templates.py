"""Templates for tests of deployments: SSM parameters, which cost nothing."""

from typing import Any


def parameter(value: Any, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}, **more}


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}
