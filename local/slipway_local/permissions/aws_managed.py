"""The policies that AWS manages, such as AWSLambdaBasicExecutionRole: each loaded when a role first needs it.

moto carries the documents of all (4.7 MB of JSON, taken from IAM) and loads either none or every one of them.
Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

import json
import re
from typing import Any

AWS_MANAGED = re.compile(r"arn:[^:]+:iam::aws:policy/(.+/)?([^/]+)")


def install() -> None:
    """Let roles be given AWS's managed policies, and name the ones that are unknown."""
    from moto.iam.models import IAMBackend

    attach = IAMBackend.attach_role_policy

    def attach_role_policy(backend: Any, policy_arn: str, role_name: str) -> None:
        load(backend, policy_arn)
        attach(backend, policy_arn, role_name)

    IAMBackend.attach_role_policy = attach_role_policy


def load(backend: Any, arn: str) -> None:
    """Put AWS's policy with this ARN, if it is one and known, among the backend's policies."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data
    from moto.iam.models import AWSManagedPolicy

    named = AWS_MANAGED.fullmatch(arn)
    if named is None or arn in backend.managed_policies:
        return
    document = json.loads(aws_managed_policies_data).get(named[2])
    if document is not None:
        policy = AWSManagedPolicy.from_data(named[2], backend.account_id, backend.region_name, document)
        backend.managed_policies[policy.arn] = policy
