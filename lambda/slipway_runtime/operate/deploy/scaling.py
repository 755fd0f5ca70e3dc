"""The scaling of an endpoint that a deployment has made: its target, policies, and the alarm that wakes it.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-register.html
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html
"""

from typing import Any

from slipway_runtime.operate.deploy.plan import Plan


def scale(plan: Plan, autoscaling: Any, cloudwatch: Any) -> None:
    """Bring target, policies and alarm to what the plan says."""
    if not plan.scaling:
        return
    resource, wakes = plan.scaling["resource"], ""
    autoscaling.register_scalable_target(**resource, **plan.scaling["limits"])
    for policy in plan.scaling["policies"]:
        made = autoscaling.put_scaling_policy(**resource, **policy)
        if policy["PolicyType"] == "StepScaling":
            wakes = made["PolicyARN"]
    if wakes:
        cloudwatch.put_metric_alarm(**plan.scaling["wake"], AlarmActions=[wakes])
