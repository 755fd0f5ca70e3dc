"""Calls of a function's session, allowed and denied, against the running daemon.

Messages and codes: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from slipway_local import cloud
from support.enforced import ACCOUNT, Stack, denied, document, statement

pytestmark = pytest.mark.capability("O14")


@pytest.fixture(scope="module")
def stack(enforcing_cloud: Any) -> Stack:
    return Stack(enforcing_cloud)


def test_a_function_runs_as_a_session_of_its_role_named_as_itself(stack: Stack) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html: keys from the execution role."""
    assert stack.environment["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert stack.client("sts").get_caller_identity()["Arn"] == stack.session


def test_what_the_policy_allows_works_and_nothing_else(stack: Stack) -> None:
    s3, bucket = stack.client("s3"), stack.outputs["Papers"]
    s3.put_object(Bucket=bucket, Key="a.txt", Body=b"x" * 200_000)
    assert len(s3.get_object(Bucket=bucket, Key="a.txt")["Body"].read()) == 200_000
    error = denied(lambda: s3.delete_object(Bucket=bucket, Key="a.txt"))
    assert error["Message"] == (
        f"User: {stack.session} is not authorized to perform: s3:DeleteObject "
        f'on resource: "arn:aws:s3:::{bucket}/a.txt" '
        "because no identity-based policy allows the s3:DeleteObject action"
    )
    assert (error["Code"], error["Status"]) == ("AccessDenied", 403)


def test_explicit_denies_win_in_the_role_and_in_the_bucket(stack: Stack) -> None:
    s3, bucket = stack.client("s3"), stack.outputs["Papers"]
    own = denied(lambda: s3.put_object(Bucket=bucket, Key="sealed/a", Body=b"x"))
    assert own["Message"].endswith("with an explicit deny in an identity-based policy")
    stack.cloud.place.client("s3").put_object(Bucket=bucket, Key="locked/a", Body=b"x")
    of_the_bucket = denied(lambda: s3.get_object(Bucket=bucket, Key="locked/a"))
    assert of_the_bucket["Message"].endswith("with an explicit deny in a resource-based policy")
    head = denied(lambda: s3.head_object(Bucket=bucket, Key="locked/a"))
    assert head["Status"] == 403


def test_without_leave_to_list_a_missing_object_is_forbidden_not_missing(stack: Stack) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions"."""
    s3, bucket = stack.client("s3"), stack.outputs["Papers"]
    assert "s3:ListBucket" in denied(lambda: s3.get_object(Bucket=bucket, Key="none"))["Message"]
    s3.list_objects_v2(Bucket=bucket, Prefix="open/x")
    denied(lambda: s3.list_objects_v2(Bucket=bucket, Prefix="closed/"))
    denied(lambda: s3.list_objects_v2(Bucket=bucket))


def test_a_presigned_url_has_the_permissions_of_who_signed_it(stack: Stack) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html"""
    import urllib.error
    import urllib.request

    s3, bucket = stack.client("s3"), stack.outputs["Papers"]
    s3.put_object(Bucket=bucket, Key="signed", Body=b"x")
    for operation, allowed in (("get_object", True), ("get_object_tagging", False)):
        url = s3.generate_presigned_url(operation, Params={"Bucket": bucket, "Key": "signed"})
        if allowed:
            assert urllib.request.urlopen(url).read() == b"x"
            continue
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(url)
        assert raised.value.code == 403


def test_conditions_on_keys_and_namespaces_hold(stack: Stack) -> None:
    dynamodb, table = stack.client("dynamodb"), stack.outputs["Table"]
    dynamodb.put_item(TableName=table, Item={"tenant": {"S": "blue"}})
    assert dynamodb.get_item(TableName=table, Key={"tenant": {"S": "blue"}})["Item"]
    error = denied(lambda: dynamodb.get_item(TableName=table, Key={"tenant": {"S": "red"}}))
    assert (error["Code"], error["Status"]) == ("AccessDeniedException", 400)
    assert (
        f"dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{table} because" in error["Message"]
    )
    denied(lambda: dynamodb.transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": {"tenant": {"S": "red"}}}}]
    ))  # fmt: skip
    data = [{"MetricName": "Read", "Value": 1.0}]
    stack.client("cloudwatch").put_metric_data(Namespace="Papers", MetricData=data)
    denied(lambda: stack.client("cloudwatch").put_metric_data(Namespace="Other", MetricData=data))


@pytest.mark.parametrize(
    ("service", "call", "code", "status"),
    [
        ("sqs", lambda c, o: c.send_message(QueueUrl=o["Queue"], MessageBody="x"), "AccessDenied", 400),
        ("sns", lambda c, o: c.publish(TopicArn=o["Topic"], Message="x"), "AuthorizationError", 403),
        ("lambda", lambda c, o: c.invoke(FunctionName=o["Function"]), "AccessDeniedException", 403),
        ("iam", lambda c, o: c.list_roles(), "AccessDenied", 403),
        ("ssm", lambda c, o: c.get_parameter(Name="/a/b"), "AccessDeniedException", 400),
        (
            "bedrock-runtime",
            lambda c, o: c.converse(modelId="m", messages=[{"role": "user", "content": [{"text": "x"}]}]),
            "AccessDeniedException",
            403,
        ),
    ],
)
def test_each_protocol_says_it_in_its_own_way(
    stack: Stack, service: str, call: Callable[[Any, Any], Any], code: str, status: int
) -> None:
    error = denied(lambda: call(stack.client(service), stack.outputs))
    assert (error["Code"], error["Status"]) == (code, status)
    assert f"User: {stack.session} is not authorized to perform: " in error["Message"]


def test_the_boundary_limits_what_the_role_allows(stack: Stack) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"""
    entry = {"Source": "papers", "DetailType": "x", "Detail": "{}"}
    error = denied(lambda: stack.client("events").put_events(Entries=[entry]))
    assert error["Message"].endswith("because no permissions boundary allows the events:PutEvents action")


def test_what_the_emulator_does_not_know_is_denied_and_named(stack: Stack) -> None:
    statement = f'SELECT * FROM "{stack.outputs["Table"]}"'
    error = denied(lambda: stack.client("dynamodb").execute_statement(Statement=statement))
    assert "the emulator does not know the tables of the PartiQL statement" in error["Message"]


def test_other_credentials_are_the_administrators(stack: Stack) -> None:
    stack.cloud.place.client("s3").put_object(Bucket=stack.outputs["Papers"], Key="sealed/b", Body=b"x")


def test_a_changed_policy_counts_from_the_next_call(stack: Stack) -> None:
    iam, name = stack.cloud.place.client("iam"), stack.outputs["Role"].rsplit("/", 1)[-1]
    read = lambda: stack.client("sqs").get_queue_attributes(QueueUrl=stack.outputs["Queue"])  # noqa: E731
    denied(read)
    allow = document(statement("Allow", "sqs:GetQueueAttributes", "*"))
    iam.put_role_policy(RoleName=name, PolicyName="More", PolicyDocument=json.dumps(allow))
    read()
    iam.delete_role_policy(RoleName=name, PolicyName="More")
    denied(read)


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-tokenissuetime
        ({"Null": {"aws:TokenIssueTime": "true"}}, False),
        ({"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}}, True),
        ({"DateGreaterThan": {"aws:TokenIssueTime": "2999-01-01T00:00:00Z"}}, False),
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, False),
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
        ({"ForAllValues:StringEquals": {"dynamodb:Attributes": ["tenant"]}}, False),
        ({"ForAllValues:StringEquals": {"dynamodb:Attributes": ["tenant", "secret"]}}, True),
    ],
)
def test_keys_that_every_session_or_request_has(stack: Stack, condition: dict[str, Any], allowed: bool) -> None:
    iam, name = stack.cloud.place.client("iam"), stack.outputs["Role"].rsplit("/", 1)[-1]
    policy = document(statement("Allow", "dynamodb:PutItem", "*", Condition=condition))
    iam.put_role_policy(RoleName=name, PolicyName="Keys", PolicyDocument=json.dumps(policy))
    item = {"tenant": {"S": "green"}, "secret": {"S": "x"}}
    put = lambda: stack.client("dynamodb").put_item(TableName=stack.outputs["Table"], Item=item)  # noqa: E731
    try:
        put() if allowed else denied(put)
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="Keys")


def test_the_report_tells_denied_calls_and_unused_statements(stack: Stack) -> None:
    s3, bucket = stack.client("s3"), stack.outputs["Papers"]
    s3.put_object(Bucket=bucket, Key="used", Body=b"x")
    denied(lambda: s3.delete_object(Bucket=bucket, Key="used"))
    report = cloud.permissions(stack.cloud.state)
    assert report["enforcing"] is True
    role = next(one for one in report["roles"] if one["role"] == stack.outputs["Role"])
    refused = [one for one in role["denied"] if one["resource"] == f"arn:aws:s3:::{bucket}/used"]
    assert [(one["action"], one["count"]) for one in refused] == [("s3:DeleteObject", 1)]
    unused = {(one["statement"], one["action"]) for one in role["unused"]}
    assert ("Never", "sqs:ReceiveMessage") in unused
    assert ("Objects", "s3:PutObject") not in unused
    assert {one["policy"] for one in role["unused"]} == {"Own"}  # AWS's own policies are nobody's to narrow


def test_a_mapping_needs_a_role_that_may_poll(stack: Stack) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
    client, sqs = stack.cloud.place.client("lambda"), stack.cloud.place.client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=stack.outputs["Queue"], AttributeNames=["QueueArn"])["Attributes"]
    with pytest.raises(client.exceptions.InvalidParameterValueException) as raised:
        client.create_event_source_mapping(
            FunctionName=stack.outputs["Function"], EventSourceArn=attributes["QueueArn"], BatchSize=1
        )
    assert "The provided execution role does not have permissions to call" in str(raised.value)


def test_a_rule_reaches_only_a_queue_that_lets_it_in(stack: Stack) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions"""
    place = stack.cloud.place
    sqs, events = place.client("sqs"), place.client("events")
    rule = events.put_rule(Name="papers", EventPattern=json.dumps({"source": ["papers"]}))["RuleArn"]
    urls = {name: sqs.create_queue(QueueName=f"enforced-{name}")["QueueUrl"] for name in ("open", "closed")}
    arns = {name: f"arn:aws:sqs:us-east-1:{ACCOUNT}:enforced-{name}" for name in urls}
    may = statement("Allow", "sqs:SendMessage", arns["open"], Principal={"Service": "events.amazonaws.com"})
    may["Condition"] = {"ArnEquals": {"aws:SourceArn": rule}}
    sqs.set_queue_attributes(QueueUrl=urls["open"], Attributes={"Policy": json.dumps(document(may))})
    events.put_targets(Rule="papers", Targets=[{"Id": name, "Arn": value} for name, value in arns.items()])
    events.put_events(Entries=[{"Source": "papers", "DetailType": "x", "Detail": "{}"}])
    assert sqs.receive_message(QueueUrl=urls["open"], WaitTimeSeconds=5)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=urls["closed"])
    services = {one["role"]: one for one in cloud.permissions(stack.cloud.state)["roles"]}
    assert services["events.amazonaws.com"]["denied"][0]["resource"] == arns["closed"]


def test_a_topic_reaches_a_queue_only_where_its_policy_lets_it_in(stack: Stack) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html"""
    sns, sqs = stack.cloud.place.client("sns"), stack.cloud.place.client("sqs")
    topic = sns.create_topic(Name="news")["TopicArn"]
    urls = {name: sqs.create_queue(QueueName=f"news-{name}")["QueueUrl"] for name in ("open", "closed")}
    arns = {
        name: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for name, url in urls.items()
    }
    let_in = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    let_in |= {"Resource": arns["open"], "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [let_in]})
    sqs.set_queue_attributes(QueueUrl=urls["open"], Attributes={"Policy": policy})
    for name in ("closed", "open"):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arns[name])
    sns.publish(TopicArn=topic, Message="hello")
    assert "hello" in sqs.receive_message(QueueUrl=urls["open"], WaitTimeSeconds=5)["Messages"][0]["Body"]
    assert "Messages" not in sqs.receive_message(QueueUrl=urls["closed"])


def test_the_policy_of_a_secret_in_a_template_counts(stack: Stack) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html"""
    client, name = stack.client("secretsmanager"), stack.outputs["Role"].rsplit("/", 1)[-1]
    sealed = document(statement("Deny", "secretsmanager:GetSecretValue", "*", Principal="*"))
    resources = {
        name: {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "x"}}
        for name in ("Open", "Sealed")
    }
    policy = {"SecretId": {"Ref": "Sealed"}, "ResourcePolicy": sealed}
    held = {"Type": "AWS::SecretsManager::ResourcePolicy", "Properties": policy}
    outputs = {key: {"Value": {"Ref": key}} for key in ("Open", "Sealed", "Policy")}
    template = {"Resources": {**resources, "Policy": held}, "Outputs": outputs}
    made = stack.cloud.outputs(stack.cloud.deploy(Secrets=template), "Secrets")
    assert made["Policy"] == made["Sealed"]
    allow = document(statement("Allow", ["secretsmanager:GetSecretValue"], "*"))
    admin = stack.cloud.place
    admin.client("iam").put_role_policy(RoleName=name, PolicyName="Secrets", PolicyDocument=json.dumps(allow))
    admin.client("iam").delete_role_permissions_boundary(RoleName=name)
    assert client.get_secret_value(SecretId=made["Open"])["SecretString"] == "x"
    error = denied(lambda: client.get_secret_value(SecretId=made["Sealed"]))
    assert error["Message"].endswith("with an explicit deny in a resource-based policy")
    stack.cloud.deploy(Secrets={"Resources": resources})  # without its policy
    assert client.get_secret_value(SecretId=made["Sealed"])["SecretString"] == "x"
