"""What the roles of the templates may do: the actions of their policies, by role and by service."""

from collections.abc import Iterator
from typing import Any

from slipway_cli.preflights.subject import Resource, Subject

NOT_CALLED = ("ec2", "iam", "kms", "logs", "sts", "xray")  # by the services themselves, on behalf of the caller


def identity_policies(subject: Subject) -> Iterator[tuple[Resource, Resource, dict[str, Any]]]:
    """Yield (role, resource that holds the policy, policy document) of each inline and attached policy."""
    roles = {(role.stack.name, role.name): role for role in subject.of("AWS::IAM::Role")}
    for role in roles.values():
        for policy in role.properties.get("Policies", []):
            yield role, role, policy["PolicyDocument"]
    for policy in subject.of("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for named in policy.properties.get("Roles", []):
            key = (policy.stack.name, named.get("Ref", "")) if isinstance(named, dict) else ("", "")
            if key in roles:
                yield roles[key], policy, policy.properties["PolicyDocument"]


def actions_of(document: dict[str, Any]) -> set[str]:
    """The actions that a policy document allows."""
    found: set[str] = set()
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow":
            actions = statement.get("Action", [])
            found |= {actions} if isinstance(actions, str) else set(actions)
    return found


def allowed_services(subject: Subject) -> dict[str, str]:
    """The services that roles call, by their prefix in actions, each with the first resource that allows it."""
    found: dict[str, str] = {}
    for _, policy, document in identity_policies(subject):
        for action in sorted(actions_of(document)):
            found.setdefault(action.split(":")[0], policy.where)
    return {service: where for service, where in found.items() if service not in NOT_CALLED}
