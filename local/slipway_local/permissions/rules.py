"""The services whose calls do not follow the general rules: one function for each, by the service's name in policies.

A rule returns None for operations that do follow them.
"""

from collections.abc import Callable, Mapping

from slipway_local.permissions import emulated
from slipway_local.permissions.bedrock_rules import bedrock
from slipway_local.permissions.calls import Call, RefusedCallError
from slipway_local.permissions.decision import Need
from slipway_local.permissions.dynamodb_rules import dynamodb
from slipway_local.permissions.emr_serverless_rules import emr_serverless
from slipway_local.permissions.key_use import READ, WRITE, key_needs
from slipway_local.permissions.s3_rules import s3
from slipway_local.permissions.sagemaker_rules import autoscaling, sagemaker
from slipway_local.permissions.secret_rules import rds_data, secretsmanager
from slipway_local.permissions.sessions import deploys

Rule = Callable[[Call], list[Need] | None]


def events(call: Call) -> list[Need] | None:
    """Return a need for each entry of PutEvents, and the ARN of a rule with its bus.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
    """
    if call.operation == "PutEvents":
        return [
            Need(
                "events:PutEvents",
                _named(call, str(entry.get("EventBusName") or "default"), "event-bus/"),
                {"events:source": [str(entry.get("Source"))], "events:detail-type": [str(entry.get("DetailType"))]},
            )
            for entry in call.parameters.get("Entries", ())
        ]
    name = call.parameters.get("Rule") or call.parameters.get("Name")
    if name and call.operation.endswith(("Rule", "Targets", "TargetsByRule")):
        bus = str(call.parameters.get("EventBusName") or "default").rsplit("/", 1)[-1]
        rule = str(name) if bus == "default" else f"{bus}/{name}"
        return [Need(f"events:{call.operation}", call.arn(f"rule/{rule}"))]
    return None


def glue(call: Call) -> list[Need] | None:
    """Return the catalog, database and table of a call to the Data Catalog.

    Source: https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
    """
    parameters, operation = call.parameters, call.operation
    nested = parameters.get("TableInput") or parameters.get("DatabaseInput") or {}
    table = parameters.get("TableName")
    if operation.endswith("Table"):
        table = parameters.get("Name") or nested.get("Name")
    database = parameters.get("DatabaseName")
    if operation.endswith("Database"):
        database = parameters.get("Name") or nested.get("Name")
    if not database and operation not in ("GetDatabases", "SearchTables"):
        return None
    resources = ["catalog", f"database/{database or '*'}"]
    resources += [f"table/{database or '*'}/{table or '*'}"] if table or "Table" in operation else []
    return [Need(f"glue:{operation}", call.arn(resource)) for resource in resources]


def kms(call: Call) -> list[Need] | None:
    """Return the key behind an id or alias, with the encryption context.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    names = [name for name in ("KeyId", "TargetKeyId") if name in call.parameters]
    if not names or call.operation == "ReEncrypt":
        return None
    pairs = call.parameters.get("EncryptionContext") or {}
    context = {f"kms:encryptioncontext:{name}".lower(): [str(value)] for name, value in pairs.items()}
    context["kms:calleraccount"] = [call.account]
    found = [(name, emulated.key(call.account, call.region, str(call.parameters[name]))) for name in names]
    arns = [key.arn if key else call.arn(f"key/{call.parameters[name]}") for name, key in found]
    needs = [Need(f"kms:{call.operation}", arn, context) for arn in arns]
    alias = call.parameters.get("AliasName")
    return [*needs, Need(f"kms:{call.operation}", call.arn(str(alias)))] if alias else needs


def lambda_(call: Call) -> list[Need] | None:
    """Return the function of a call, with the version or alias it names.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
    """
    name = str(call.parameters.get("FunctionName", ""))
    if not name or call.operation == "CreateEventSourceMapping":
        return None
    qualified = name.rpartition("function:")[2]  # a name, a partial ARN or a whole one
    qualifier = call.parameters.get("Qualifier")
    action = "InvokeFunction" if call.operation.startswith("Invoke") else call.operation
    resource = f"function:{qualified}" + (f":{qualifier}" if qualifier and ":" not in qualified else "")
    return [Need(f"lambda:{action}", call.arn(resource))]


def logs(call: Call) -> list[Need] | None:
    """Return the log group or stream; a group's ARN ends in `:log-stream:`, so that `…:log-group:NAME:*` matches.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    groups = [call.parameters.get(name) for name in ("logGroupName", "logGroupIdentifier")]
    groups += [*(call.parameters.get("logGroupNames") or ()), *(call.parameters.get("logGroupIdentifiers") or ())]
    named = [str(group).split(":log-group:")[-1].removesuffix(":*") for group in groups if group]
    stream = call.parameters.get("logStreamName", "")
    action = f"logs:{call.operation}"
    return [Need(action, call.arn(f"log-group:{name}:log-stream:{stream}")) for name in named] or None


def cloudwatch(call: Call) -> list[Need] | None:
    """Return PutMetricData with its namespace; GetMetricData, which names no resource but other accounts' datasets."""
    if call.operation == "GetMetricData":
        return [Need("cloudwatch:GetMetricData", "*")]
    if call.operation != "PutMetricData":
        return None
    return [Need("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": [str(call.parameters.get("Namespace"))]})]


def sns(call: Call) -> list[Need] | None:
    """Return Publish on a topic, with its key, or on a telephone number."""
    if call.operation not in ("Publish", "PublishBatch"):
        return None
    arn = call.parameters.get("TopicArn") or call.parameters.get("TargetArn")
    found = emulated.topic(call.account, call.region, str(arn))
    keys = key_needs(call, getattr(found, "kms_master_key_id", None), WRITE)
    return [Need("sns:Publish", str(arn or call.parameters.get("PhoneNumber"))), *keys]


def sqs(call: Call) -> list[Need] | None:
    """Return the queue behind a URL, and its key; the batch operations need the action of one message.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    """
    name = call.parameters.get("QueueName") or str(call.parameters.get("QueueUrl", "")).rsplit("/", 1)[-1]
    if not name:
        return None
    operation = call.operation.removesuffix("Batch")
    found = emulated.queue(call.account, call.region, name)
    actions = {"SendMessage": WRITE, "ReceiveMessage": READ}.get(operation, ())
    keys = key_needs(call, getattr(found, "kms_master_key_id", None), actions)
    return [Need(f"sqs:{operation}", call.arn(name)), *keys]


def ssm(call: Call) -> list[Need] | None:
    """Return the parameters of a call, without their version, and the key of a SecureString that is decrypted."""
    given = [call.parameters.get(name) for name in ("Name", "Path")] + [*(call.parameters.get("Names") or ())]
    names = [str(name) for name in given if name]
    if "Parameter" not in call.operation or not names:
        return None
    resources = [
        name if name.startswith("arn:") else call.arn(f"parameter/{name.split(':')[0].strip('/')}") for name in names
    ]
    keys = [emulated.parameter_key(call.account, call.region, name) for name in names]
    decrypted = keys if str(call.parameters.get("WithDecryption")).lower() == "true" else []
    return [
        *(Need(f"ssm:{call.operation}", arn) for arn in resources),
        *(need for key in decrypted for need in key_needs(call, key, READ)),
    ]


def s3vectors(call: Call) -> list[Need] | None:
    """Return the vector bucket or index; a query that filters or returns metadata reads vectors too.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3VectorBuckets_QueryVectors.html
    """
    parameters = call.parameters
    arn = parameters.get("indexArn") or parameters.get("vectorBucketArn")
    if not arn and "vectorBucketName" in parameters:
        index = parameters.get("indexName")
        arn = call.arn(f"bucket/{parameters['vectorBucketName']}" + (f"/index/{index}" if index else ""))
    if not arn:
        return None
    needs = [Need(f"s3vectors:{call.operation}", str(arn))]
    reads = any(parameters.get(name) for name in ("filter", "returnMetadata", "returnData"))
    reads = reads and call.operation in ("QueryVectors", "ListVectors")
    return [*needs, Need("s3vectors:GetVectors", str(arn))] if reads else needs


def kendra(call: Call) -> list[Need] | None:
    """Return the index of a call; listing and creating have none."""
    index_id = call.parameters.get("IndexId") or call.parameters.get("Id")
    resource = call.parameters.get("ResourceARN") or (call.arn(f"index/{index_id}") if index_id else None)
    return [Need(f"kendra:{call.operation}", str(resource))] if resource else None


def scheduler(call: Call) -> list[Need] | None:
    """Return a schedule with its group."""
    if not call.operation.endswith("Schedule"):
        return None
    group = call.parameters.get("GroupName") or call.parameters.get("groupName") or "default"
    return [Need(f"scheduler:{call.operation}", call.arn(f"schedule/{group}/{call.parameters.get('Name')}"))]


def sts(call: Call) -> list[Need] | None:
    """Return nothing for what everybody may call. Raises RefusedCallError for what gives a session more than it has.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html and
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    if call.operation in ("GetSessionToken", "GetFederationToken"):
        raise RefusedCallError(f"Cannot call {call.operation} with session credentials")
    role_arn = str(call.parameters.get("RoleArn", ""))
    if role_arn.startswith("arn:") and deploys(emulated.role(role_arn)):
        raise RefusedCallError(f"No session may assume {role_arn}: roles that deploy are administrators of this cloud")
    return [] if call.operation == "GetCallerIdentity" else None


def textract(call: Call) -> list[Need] | None:
    """Return the action, and the object that Textract reads with the caller's permissions."""
    document = call.parameters.get("Document") or call.parameters.get("DocumentLocation") or {}
    place = document.get("S3Object")
    if not place:
        return None
    action = "s3:GetObjectVersion" if place.get("Version") else "s3:GetObject"
    arn = f"arn:{call.partition}:s3:::{place.get('Bucket')}/{place.get('Name')}"
    return [Need(f"textract:{call.operation}", "*"), Need(action, arn)]


def _named(call: Call, name: str, kind: str) -> str:
    return name if name.startswith("arn:") else call.arn(f"{kind}{name}")


RULES: Mapping[str, Rule] = {
    "application-autoscaling": autoscaling,
    "bedrock": bedrock,
    "cloudwatch": cloudwatch,
    "dynamodb": dynamodb,
    "emr-serverless": emr_serverless,
    "events": events,
    "glue": glue,
    "kendra": kendra,
    "kms": kms,
    "lambda": lambda_,
    "logs": logs,
    "rds-data": rds_data,
    "s3": s3,
    "s3vectors": s3vectors,
    "scheduler": scheduler,
    "sagemaker": sagemaker,
    "secretsmanager": secretsmanager,
    "sns": sns,
    "sqs": sqs,
    "ssm": ssm,
    "sts": sts,
    "textract": textract,
}
