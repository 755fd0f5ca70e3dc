"""What the services say of a resource, without what differs between two that are alike."""

import json
from collections.abc import Callable
from typing import Any

Read = Callable[[Any, str], Any]


def queue(place: Any, url: str) -> Any:
    sqs = place.client("sqs")
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return {key: shown[key] for key in shown if key not in ("CreatedTimestamp", "LastModifiedTimestamp")} | {
        "tags": sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
    }


def topic(place: Any, arn: str) -> Any:
    sns = place.client("sns")
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    shown = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    return {key: shown[key] for key in shown if not key.startswith("Subscriptions")} | {
        "subscriptions": [one["Protocol"] for one in subscriptions],
        "tags": sns.list_tags_for_resource(ResourceArn=arn)["Tags"],
    }


def subscription(place: Any, arn: str) -> Any:
    shown = place.client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    hidden = {"SubscriptionArn", "TopicArn", "Endpoint"} | (
        set() if shown.get("FilterPolicy") else {"FilterPolicyScope"}
    )
    return {key: value for key, value in shown.items() if value and key not in hidden}


def table(place: Any, name: str) -> Any:
    dynamodb = place.client("dynamodb")
    shown = dynamodb.describe_table(TableName=name)["Table"]
    indexes = [index["IndexName"] for index in shown.get("GlobalSecondaryIndexes", [])]
    names = (
        "AttributeDefinitions",
        "BillingModeSummary",
        "DeletionProtectionEnabled",
        "StreamSpecification",
        "SSEDescription",
    )
    throughput = shown["ProvisionedThroughput"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    return {key: shown[key] for key in names if key in shown} | {
        "indexes": indexes,
        "units": [throughput[key] for key in ("ReadCapacityUnits", "WriteCapacityUnits")],
        "recovery": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "expiry": expiry if expiry["TimeToLiveStatus"] == "ENABLED" else {},
        "tags": dynamodb.list_tags_of_resource(ResourceArn=shown["TableArn"])["Tags"],
    }


def role(place: Any, name: str) -> Any:
    iam = place.client("iam")
    shown = iam.get_role(RoleName=name)["Role"]
    names = ("AssumeRolePolicyDocument", "Description", "MaxSessionDuration", "PermissionsBoundary", "Tags")
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return {key: shown.get(key) or None for key in names} | {
        "inline": [iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"] for one in inline],
        "managed": iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"],
    }


def managed_policy(place: Any, arn: str) -> Any:
    iam = place.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    having = iam.list_entities_for_policy(PolicyArn=arn)
    return {
        "document": iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"],
        "having": [len(having[key]) for key in ("PolicyRoles", "PolicyUsers", "PolicyGroups")],
    }


def key(place: Any, key_id: str) -> Any:
    kms = place.client("kms")
    shown = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    rotation = kms.get_key_rotation_status(KeyId=key_id) if shown["Enabled"] else {}
    return {name: shown[name] for name in ("Description", "Enabled", "KeyState")} | {
        "rotation": [rotation.get(name) for name in ("KeyRotationEnabled", "RotationPeriodInDays")],
        "policy": json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])["Statement"],
        "tags": kms.list_resource_tags(KeyId=key_id)["Tags"],
    }


def function(place: Any, name: str) -> Any:
    shown = place.client("lambda").get_function(FunctionName=name)
    volatile = ("LastModified", "RevisionId", "FunctionName", "FunctionArn", "LastUpdateStatus")
    configuration = {key: value for key, value in shown["Configuration"].items() if value and key not in volatile}
    return configuration | {"tags": shown.get("Tags", {}), "reserved": shown.get("Concurrency", {})}


def alias(place: Any, arn: str) -> Any:
    name, live = arn.split(":")[-2:]
    shown = place.client("lambda").get_alias(FunctionName=name, Name=live)
    return {key: shown.get(key) for key in ("Description", "FunctionVersion", "RoutingConfig")}


def log_group(place: Any, name: str) -> Any:
    (shown,) = place.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return [
        shown.get("retentionInDays"),
        shown.get("kmsKeyId"),
        place.client("logs").list_tags_for_resource(resourceArn=shown["arn"][:-2])["tags"],
    ]


def rule(place: Any, physical_id: str) -> Any:
    events = place.client("events")
    shown = events.describe_rule(Name=physical_id)
    return {k: shown.get(k) for k in ("Description", "EventPattern", "ScheduleExpression", "State", "RoleArn")} | {
        "targets": [one["Id"] for one in events.list_targets_by_rule(Rule=physical_id)["Targets"]],
        "tags": events.list_tags_for_resource(ResourceARN=shown["Arn"])["Tags"],
    }


def bus(place: Any, name: str) -> Any:
    events = place.client("events")
    return events.list_tags_for_resource(ResourceARN=events.describe_event_bus(Name=name)["Arn"])["Tags"]


def machine(place: Any, arn: str) -> Any:
    client = place.client("stepfunctions")
    shown = client.describe_state_machine(stateMachineArn=arn)
    names = ("definition", "loggingConfiguration", "tracingConfiguration", "roleArn", "encryptionConfiguration")
    return {key: shown.get(key) for key in names} | {"tags": client.list_tags_for_resource(resourceArn=arn)["tags"]}


def repository(place: Any, name: str) -> Any:
    ecr = place.client("ecr")
    (shown,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    policies = []
    for operation, field_name in (("get_lifecycle_policy", "lifecyclePolicyText"),
                                  ("get_repository_policy", "policyText")):  # fmt: skip
        try:
            policies.append(json.loads(getattr(ecr, operation)(repositoryName=name)[field_name]))
        except ecr.exceptions.ClientError as error:
            policies.append(error.response["Error"]["Code"])
    tags = ecr.list_tags_for_resource(resourceArn=shown["repositoryArn"])["tags"]
    return [policies, shown["imageTagMutability"], shown["imageScanningConfiguration"], tags]


BUCKET_READINGS = (
    "get_bucket_versioning", "get_bucket_encryption", "get_bucket_lifecycle_configuration", "get_public_access_block",
    "get_bucket_notification_configuration", "get_bucket_ownership_controls", "get_bucket_cors", "get_bucket_tagging",
    "get_bucket_acl",
)  # fmt: skip


def bucket(place: Any, name: str) -> Any:
    s3 = place.client("s3")
    found: dict[str, Any] = {}
    for operation in BUCKET_READINGS:
        try:
            found[operation] = getattr(s3, operation)(Bucket=name)
        except s3.exceptions.ClientError as error:
            found[operation] = error.response["Error"]["Code"]
        if isinstance(found[operation], dict):
            found[operation].pop("ResponseMetadata")
    for one in found["get_bucket_notification_configuration"].get("QueueConfigurations", []):
        one.pop("Id")
    if found["get_bucket_versioning"].get("Status") == "Suspended":  # a bucket with versions never goes back further
        found["get_bucket_versioning"] = {}
    return found


def secret(place: Any, arn: str) -> Any:
    secrets = place.client("secretsmanager")
    shown = secrets.describe_secret(SecretId=arn)
    value = secrets.get_secret_value(SecretId=arn)["SecretString"]
    return [shown.get("Tags") or [], value]


def parameter(place: Any, name: str) -> Any:
    ssm = place.client("ssm")
    (shown,) = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"]
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    value = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    return [shown.get("Description") or None, shown.get("AllowedPattern") or None, value, tags]


def tagged(service: str, operation: str, parameter: str, arn: str = "{}") -> Read:
    """Return a reading of a resource's tags."""
    return lambda place, physical_id: [
        value
        for name, value in getattr(place.client(service), operation)(**{parameter: arn.format(physical_id)}).items()
        if name.lower() == "tags"
    ]
