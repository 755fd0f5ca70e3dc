"""What moto knows about the resources that a call is about: their ARNs, policies, keys and tags."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from slipway_local.permissions.calls import Call
from slipway_local.permissions.policy import ELEMENTS


def object_at(call: Call, bucket: str, key: str) -> Any:
    """Return moto's object, None if there is none."""
    found = bucket_named(call.account, call.partition, bucket)
    return found.keys.get(key) if found else None


def bucket_named(account: str, partition: str, name: str) -> Any:
    """Return moto's bucket, None if there is none."""
    from moto.s3.models import s3_backends

    return s3_backends[account][partition].buckets.get(name)


def secret(account: str, region: str, secret_id: str) -> Any:
    """Return moto's secret by name or ARN, whole or partial; None if there is none."""
    from moto.secretsmanager.models import secretsmanager_backends

    secrets = secretsmanager_backends[account][region].secrets
    return secrets[secret_id] if secret_id in secrets else None  # noqa: SIM401 its own [] finds partial ARNs


def key(account: str, region: str, key_id: str) -> Any:
    """Return moto's key by id, alias or the ARN of either; None if there is none."""
    from moto.kms.models import kms_backends

    backend = kms_backends[account][region]
    name = key_id.split(":", 5)[5] if key_id.startswith("arn:") else key_id
    if name.startswith("alias/"):
        return next((one for one in backend.keys.values() if name in one.aliases), None)
    return backend.keys.get(name.removeprefix("key/"))


def queue(account: str, region: str, name: str) -> Any:
    """Return moto's queue, None if there is none."""
    from moto.sqs.models import sqs_backends

    return sqs_backends[account][region].queues.get(name)


def topic(account: str, region: str, arn: str) -> Any:
    """Return moto's topic, None if there is none."""
    from moto.sns.models import sns_backends

    return sns_backends[account][region].topics.get(arn)


def parameter_key(account: str, region: str, name: str) -> str | None:
    """Return the key of a SecureString by name, None for any other parameter."""
    from moto.ssm.models import ssm_backends

    plain = name.partition(":")[0]
    found = ssm_backends[account][region].get_parameters([plain]).get(plain)
    return str(found.keyid) if found and found.parameter_type == "SecureString" and found.keyid else None


def role(arn: str) -> Any:
    """Return moto's role, None if there is none."""
    from moto.iam.models import iam_backends

    _, partition, _, _, account, _ = arn.split(":", 5)
    roles = iam_backends[account][partition].roles.values()
    return next((one for one in list(roles) if one.arn == arn), None)


def _function_policy(account: str, region: str, arn: str) -> str | None:
    from moto.awslambda.models import lambda_backends

    function = lambda_backends[account][region].get_function(":".join(arn.split(":")[:7]))
    statements = function.policy.statements if function.policy else []
    known = [{name: value for name, value in one.items() if name in ELEMENTS} for one in statements]
    return json.dumps({"Statement": known}) if known else None


# The kinds of resource policy that are evaluated, by the service in the resource's ARN.
POLICIES: Mapping[str, Callable[[str, str, str], Any]] = {
    "s3": lambda account, region, arn: (
        bucket_named(account, arn.split(":")[1], arn.split(":::")[1].split("/")[0]).policy
    ),
    "sqs": lambda account, region, arn: queue(account, region, arn.rsplit(":", 1)[1]).policy,
    "sns": lambda account, region, arn: topic(account, region, arn).policy,
    "lambda": _function_policy,
    "secretsmanager": lambda account, region, arn: secret(account, region, arn).policy,
    "kms": lambda account, region, arn: key(account, region, arn).policy,
    "iam": lambda account, region, arn: role(arn).assume_role_policy_document,
}


def resource_policy(arn: str, account: str, region: str) -> str | None:
    """Return the policy of a resource, None if it has none or its kind has no policies here."""
    service = arn.split(":")[2] if arn.startswith("arn:") else ""
    if service not in POLICIES:
        return None
    try:
        found = POLICIES[service](account, region, arn)
    except Exception:  # moto's own words for a resource that does not exist, which the call itself will meet
        return None
    return found.decode() if isinstance(found, bytes) else found or None


def tags(arn: str, account: str, region: str) -> Mapping[str, str]:
    """Return the tags of a resource, as far as moto keeps them where its tagging service finds them."""
    from moto.core.resource_tagging import iter_taggable_backends

    for backend in iter_taggable_backends(account, region):
        for resource in backend.iter_tagged_resources() if backend.owns_arn(arn) else ():
            if resource.arn == arn:
                return dict(resource.tags)
    return {}
