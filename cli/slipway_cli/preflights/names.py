"""Names that services refuse: length and characters, by the schema of each type; what no schema tells is listed."""

import re
from collections.abc import Iterator

from slipway_cli.preflights.blame import setting_of
from slipway_cli.preflights.finding import Finding
from slipway_cli.preflights.subject import Resource, Subject
from slipway_local.deploy.schemas import problems, schema_of

SCHEMAS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html"
BUCKETS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
# Type: property, what it must be. Their schemas allow any text.
LISTED = {
    "AWS::SQS::Queue": ("QueueName", r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo"),
    "AWS::SNS::Topic": ("TopicName", r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo"),
    "AWS::S3::Bucket": ("BucketName", r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    "AWS::DynamoDB::Table": ("TableName", r"[A-Za-z0-9_.-]{3,255}"),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/]{1,80}"),
    "AWS::CloudWatch::Alarm": ("AlarmName", r".{1,255}"),
}


def names(subject: Subject) -> Iterator[Finding]:
    """Yield an error for each property that its schema forbids, and each name that its service would refuse."""
    for stack in subject.stacks:
        if not STACK.fullmatch(stack.name):
            yield Finding(
                check="name",
                what=f"{stack.name!r} is no name of a stack: letters, digits and hyphens, at most 128",
                where=stack.name,
                remedy="Give the file in config/ another name: it is the environment's.",
                documentation=SCHEMAS,
            )
    for resource in subject.resources:
        schema = schema_of(resource.type, subject.region)
        for path, what in problems(resource.properties, schema) if schema else ():
            yield _refused(resource, f"{path}: {what}", _page(resource.type))
        name, pattern = LISTED.get(resource.type, ("", ""))
        value = resource.properties.get(name)
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            yield _refused(
                resource, f"{name}: {value!r} ({len(value)} characters) is not allowed", _page(resource.type)
            )


def _page(kind: str) -> str:
    if kind == "AWS::S3::Bucket":
        return BUCKETS
    page = "-".join(["aws-resource", *kind.lower().split("::")[1:]])
    return f"https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/{page}.html"


def _refused(resource: Resource, what: str, documentation: str) -> Finding:
    return Finding(
        check="property",
        what=what,
        where=resource.where,
        setting=setting_of(resource),
        remedy="Write what the page allows; a name is best left to CloudFormation, or made of less.",
        documentation=documentation,
    )
