import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from slipway_constructs.acknowledgement import acknowledge
from slipway_constructs.permissions import allow, allow_key

REASON = "Objects of one bucket are named by tenants, so no narrower resource exists."


@pytest.fixture
def role(stack: cdk.Stack) -> iam.Role:
    return iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


def test_an_action_with_a_wildcard_is_refused(role: iam.Role) -> None:
    with pytest.raises(ValueError, match=r"without wildcards: s3:Get\*"):
        allow(role, ["s3:Get*"], ["arn:aws:s3:::b"])


def test_a_resource_with_a_wildcard_needs_a_reason(role: iam.Role) -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        allow(role, ["s3:GetObject"], ["arn:aws:s3:::b/*"])


def test_a_resource_with_a_wildcard_is_acknowledged_as_nag_will_name_it(stack: cdk.Stack, role: iam.Role) -> None:
    allow(role, ["s3:GetObject"], [f"arn:{stack.partition}:s3:::b/*"], wildcard_reason=REASON)

    (entry,) = role.node.metadata
    assert list(entry.data) == ["Annotation::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::b/*]"] or list(
        entry.data
    ) == ["AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::b/*]"]


def test_no_key_means_no_permission(resources, role: iam.Role) -> None:  # type: ignore[no-untyped-def]
    allow_key(role, None)

    assert resources("AWS::IAM::Policy") == []


def test_a_reason_of_few_words_is_none(role: iam.Role) -> None:
    with pytest.raises(ValueError, match="needs a reason that a reviewer can judge"):
        acknowledge(role, "AwsSolutions-IAM5", "not needed")
