"""Settings that moto 5.2.5 takes when it makes a resource and cannot change afterwards, or loses when it does.

Each is an operation of the service's own API, so that CDK, boto3 and a stack's update reach it alike.
"""

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote


@functools.cache
def install() -> None:
    """Put the changes into moto's API, once in a process."""
    for part in (_tables, _log_groups, _user_pools, _subnet_groups, _api_tags, _usage_plans, _cloudwatch, _versions):
        part()


def _tables() -> None:
    """Let UpdateTable change the key. Source: API_UpdateTable.html#DDB-UpdateTable-request-SSESpecification."""
    from moto.dynamodb.responses import DynamoHandler

    original = DynamoHandler.update_table

    def update_table(self: Any) -> Any:
        if wanted := self.body.get("SSESpecification"):
            table = self.dynamodb_backend.get_table(self.body["TableName"])
            own = table._get_default_encryption_key(self.current_account, self.region)
            table.sse_specification = {"KMSMasterKeyId": own, **wanted}
        return original(self)

    DynamoHandler.update_table = update_table


def _log_groups() -> None:
    """Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html"""
    from moto.logs.exceptions import ResourceNotFoundException
    from moto.logs.responses import LogsResponse

    def associate(self: Any) -> str:
        group = self.logs_backend.groups.get(self._get_param("logGroupName"))
        if group is None:
            raise ResourceNotFoundException
        group.kms_key_id = self._get_param("kmsKeyId")  # which DisassociateKmsKey has not
        return ""

    LogsResponse.associate_kms_key = LogsResponse.disassociate_kms_key = associate


def _user_pools() -> None:
    """Let UpdateUserPool set name and MFA: it sets what it is not given to its default, but for the name.

    Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html
    """
    from moto.cognitoidp.models import CognitoIdpBackend

    original = CognitoIdpBackend.update_user_pool

    def update_user_pool(self: Any, user_pool_id: str, extended_config: dict[str, Any]) -> None:
        original(self, user_pool_id, extended_config)
        pool = self.describe_user_pool(user_pool_id)
        pool.name = extended_config.get("PoolName") or pool.name
        pool.mfa_config = extended_config.get("MfaConfiguration") or "OFF"

    CognitoIdpBackend.update_user_pool = update_user_pool


def _subnet_groups() -> None:
    """Keep the group: moto's ModifyDBSubnetGroup takes it out and does not put it back."""
    from moto.rds.models import RDSBackend

    original = RDSBackend.modify_db_subnet_group

    def modify_db_subnet_group(self: Any, subnet_name: str, *rest: Any, **more: Any) -> Any:
        self.subnet_groups[subnet_name] = group = original(self, subnet_name, *rest, **more)
        return group

    RDSBackend.modify_db_subnet_group = modify_db_subnet_group


def _api_tags() -> None:
    """Tag APIs, usage plans and keys too, not stages alone.

    Source: https://docs.aws.amazon.com/apigateway/latest/api/API_TagResource.html
    """
    from moto.apigateway import urls
    from moto.apigateway.responses import APIGatewayResponse

    def changing(change: Callable[[dict[str, str], Any], Any]) -> Callable[[Any], Any]:
        def operation(self: Any) -> Any:
            kind, name, *rest = unquote(self.path).split("::/")[1].split("/")
            backend = self.backend
            known = {"restapis": backend.apis, "usageplans": backend.usage_plans, "apikeys": backend.keys}[kind]
            resource = known[name].stages[rest[1]] if rest else known[name]
            resource.tags = dict(resource.tags or {})
            change(resource.tags, self)
            return 204, {}, ""

        return operation

    def remove(tags: dict[str, str], response: Any) -> None:
        for key in response.querystring.get("tagKeys", []):
            tags.pop(key, None)

    path = "{0}/tags/arn:(?P<part>[^/]+)::/(?P<kind>restapis|usageplans|apikeys)/(?P<name>[^/]+)$"
    urls.url_paths[path] = APIGatewayResponse.dispatch
    APIGatewayResponse.tag_resource = changing(lambda tags, response: tags.update(response._get_param("tags")))
    APIGatewayResponse.untag_resource = changing(remove)


def _usage_plans() -> None:
    """Keep limits as numbers, broken ones too, and those of a stage's methods.

    Source: https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html (UpdateUsagePlan)
    """
    from moto.apigateway.models import UsagePlan

    original = UsagePlan.apply_patch_operations
    numbers: dict[str, Callable[[str], Any]] = {
        "rateLimit": float, "burstLimit": int, "limit": int, "offset": int, "period": str,
    }  # fmt: skip

    def apply(self: Any, operations: list[dict[str, Any]]) -> None:
        for one in operations:
            _, kind, *rest = one["path"].split("/")
            holder = getattr(self, kind) if kind in ("throttle", "quota") else None
            if kind == "apiStages" and rest:
                stage = next(s for s in self.api_stages if f"{s['apiId']}:{s['stage']}" == rest[0])
                method = "/".join(rest[2:-1]).replace("~1", "/")
                holder = stage.setdefault("throttle", {}).setdefault(method, {})
            if holder is None or not rest:
                original(self, [one])
            else:
                holder[rest[-1]] = numbers[rest[-1]](one["value"])

    UsagePlan.apply_patch_operations = apply


def _cloudwatch() -> None:
    """Let dashboards have tags, and an update keep an alarm's state; a new alarm has no data yet.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_TagResource.html
    """
    from moto.cloudwatch.models import CloudWatchBackend

    original, put = CloudWatchBackend.tag_resource, CloudWatchBackend.put_metric_alarm

    def tag_resource(self: Any, arn: str, tags: dict[str, str]) -> None:
        if any(arn == one.arn for one in self.dashboards.values()):
            self.tagger.tag_resource(arn, self.tagger.convert_dict_to_tags_input(tags))
        else:
            original(self, arn, tags)

    def put_metric_alarm(self: Any, name: str, **settings: Any) -> Any:
        before = self.alarms.get(name)
        alarm = put(self, name=name, **settings)
        alarm.state_value = before.state_value if before else "INSUFFICIENT_DATA"
        return alarm

    CloudWatchBackend.tag_resource, CloudWatchBackend.put_metric_alarm = tag_resource, put_metric_alarm


def _versions() -> None:
    """Let a function's version vanish when it is deleted, and its number not come back.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
    """
    from moto.awslambda.models import LambdaStorage

    publish, delete = LambdaStorage.publish_version, LambdaStorage.del_function

    def publish_version(self: Any, name_or_arn: str, description: str = "") -> Any:
        function = self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn)
        versions = self._functions[function.function_name]["versions"]
        before = len(versions)
        made = publish(self, name_or_arn, description)
        if len(versions) > before:
            del self._arns[made.function_arn]
            function.last_version = getattr(function, "last_version", before) + 1
            made.set_version(function.last_version)
            self._arns.update({one.function_arn: one for one in versions})
        return made

    def del_function(self: Any, name_or_arn: str, qualifier: str | None = None) -> None:
        gone = self.get_function_by_name_or_arn_with_qualifier(name_or_arn, qualifier)
        delete(self, name_or_arn, qualifier)
        self._arns.pop(gone.function_arn, None)

    LambdaStorage.publish_version, LambdaStorage.del_function = publish_version, del_function
