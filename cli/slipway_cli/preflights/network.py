"""A private network: the endpoints that its functions need, the way out, and where web ACLs and endpoints may be."""

import re
from collections.abc import Iterator

from slipway_cli.preflights.actions import actions_of, identity_policies
from slipway_cli.preflights.finding import Finding
from slipway_cli.preflights.subject import Resource, Subject

ENDPOINTS = "https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"
SCOPES = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-webacl.html"
# The prefix of actions: the last part of the endpoint's name, where it is another.
BY_ACTION = {
    "bedrock:ApplyGuardrail": "bedrock-runtime",
    "bedrock:InvokeModel": "bedrock-runtime",
    "bedrock:InvokeModelWithResponseStream": "bedrock-runtime",
    "bedrock:Rerank": "bedrock-agent-runtime",
    "bedrock:Retrieve": "bedrock-agent-runtime",
    "sagemaker:InvokeEndpoint": "sagemaker.runtime",
    "sagemaker:InvokeEndpointWithResponseStream": "sagemaker.runtime",
}
BY_SERVICE = {
    "cloudwatch": "monitoring",
    "firehose": "kinesis-firehose",
    "kinesis": "kinesis-streams",
    "sagemaker": "sagemaker.api",
}
OF_AGENTS = re.compile(r"bedrock:\w*(Agent|DataSource|Flow|IngestionJob|KnowledgeBase|Prompt)\w*")
# Lambda itself, or a service on behalf of the caller, reaches these; aoss has endpoints of its own kind.
NOT_NEEDED = ("aoss", "ec2", "iam", "kms", "logs", "sts", "xray", "s3express")


def missing_endpoints(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each service that functions of a private VPC may call and cannot reach."""
    if subject.settings.network.mode != "create" or any(subject.of("AWS::EC2::NatGateway")):
        return
    present = {str(item.properties["ServiceName"]).split(".", 3)[-1] for item in subject.of("AWS::EC2::VPCEndpoint")}
    for service, function in sorted(_called(subject).items()):
        if service not in present:
            yield Finding(
                check="endpoint",
                what=f"{function.name} may call {service}: the VPC has neither an endpoint for it nor a NAT gateway",
                where=function.where,
                setting="network.nat_gateways",
                remedy=f"Add an endpoint for {service} in the network stack, or a NAT gateway.",
                documentation=ENDPOINTS,
            )


def web_acl_scopes(subject: Subject) -> Iterator[Finding]:
    """Yield an error for a web ACL of CloudFront outside us-east-1."""
    for acl in subject.of("AWS::WAFv2::WebACL", "AWS::WAFv2::IPSet", "AWS::WAFv2::RegexPatternSet"):
        if acl.properties.get("Scope") == "CLOUDFRONT" and subject.region != "us-east-1":
            yield Finding(
                check="waf-scope",
                what=f"a web ACL of CloudFront can be made in us-east-1 only, not in {subject.region}",
                where=acl.where,
                setting="gateway.waf",
                remedy="Use the scope REGIONAL before the API, or a stack in us-east-1.",
                documentation=SCOPES,
            )


def _called(subject: Subject) -> dict[str, Resource]:
    """The endpoints that functions in a VPC need, each with the first such function."""
    needed: dict[str, set[str]] = {}
    for role, _, document in identity_policies(subject):
        needed.setdefault(role.where, set()).update(filter(None, map(_endpoint, actions_of(document))))
    found: dict[str, Resource] = {}
    for function in subject.of("AWS::Lambda::Function"):
        of_function = subject.named(function.stack, function.properties.get("Role"))
        if of_function and "VpcConfig" in function.properties:
            for service in needed.get(of_function.where, ()):
                found.setdefault(service, function)
    return found


def _endpoint(action: str) -> str:
    service = action.split(":", maxsplit=1)[0]
    if action not in BY_ACTION and OF_AGENTS.fullmatch(action):
        return "bedrock-agent"
    return "" if service in NOT_NEEDED else BY_ACTION.get(action, BY_SERVICE.get(service, service))
