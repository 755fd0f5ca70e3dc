"""What makes functions run: event source mappings, asynchronous settings, permissions, EventBridge Scheduler."""

from typing import Any

from slipway_local.deploy.providers.api import Api, Lookup, api, tags
from slipway_local.deploy.providers.base import Context, Created, Properties, Provider

# What a mapping goes back to when its property leaves the template.
_MAPPING: Properties = {
    "BatchSize": lambda properties: 10 if ":sqs:" in str(properties["EventSourceArn"]) else 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {},
    "Enabled": True,
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "ScalingConfig": {},
}


def _statement(context: Context, properties: Properties) -> Properties:
    return {"StatementId": context.name(100), **properties}


_INVOKED = {"FunctionName": "{FunctionName}", "Qualifier": "{Qualifier}"}
_SCHEDULE_ARN = "arn:{partition}:scheduler:{region}:{account}:schedule/{GroupName}/{Name}"
_SCHEDULE: dict[str, Any] = {"Name": "{id}", "GroupName": "{GroupName}"}


def _schedule(context: Context, properties: Properties) -> Properties:
    return {"GroupName": "default", "State": "ENABLED", **properties}


class Schedule(Api):
    """AWS::Scheduler::Schedule; Ref is its name, which is found in its group alone."""

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete the schedule."""
        super().delete(context, existing, _schedule(context, properties))


PROVIDERS: dict[str, Provider] = {
    "AWS::Lambda::Permission": api(
        "lambda", "add_permission", "{StatementId}", prepare=_statement, delete_call="remove_permission",
        delete_with={"FunctionName": "{FunctionName}", "StatementId": "{id}"},
    ),
    "AWS::Lambda::EventSourceMapping": api(
        "lambda", "create_event_source_mapping", "@UUID", defaults=_MAPPING,
        attributes={"Id": "{id}", "EventSourceMappingArn": "@EventSourceMappingArn"},
        update_call="update_event_source_mapping", update_with={"UUID": "{id}"},
        settings=(tags("lambda", "tag_resource", "untag_resource", of="Resource", keys="TagKeys", put="Tags",
                       by="arn:{partition}:lambda:{region}:{account}:event-source-mapping:{id}"),),
        delete_call="delete_event_source_mapping", delete_with={"UUID": "{id}"},
    ),
    "AWS::Lambda::EventInvokeConfig": api(
        "lambda", "put_function_event_invoke_config", "{FunctionName}|{Qualifier}",
        update_call="put_function_event_invoke_config", update_replaces=True,
        lookup=Lookup("get_function_event_invoke_config", _INVOKED, "FunctionArn"),
        delete_call="delete_function_event_invoke_config", delete_with=_INVOKED,
    ),
    "AWS::Scheduler::Schedule": Schedule(
        service="scheduler", create_call="create_schedule", ref="{Name}", name="Name", prepare=_schedule,
        attributes={"Arn": _SCHEDULE_ARN}, update_call="update_schedule", update_with={"Name": "{id}"},
        update_replaces=True, update_drops=("GroupName",),
        delete_call="delete_schedule", delete_with=_SCHEDULE,
    ),
    "AWS::Scheduler::ScheduleGroup": api(
        "scheduler", "create_schedule_group", "{Name}", name="Name", attributes={"Arn": "@ScheduleGroupArn"},
        settings=(tags("scheduler", "tag_resource", "untag_resource", of="ResourceArn", keys="TagKeys", put="Tags",
                       by="arn:{partition}:scheduler:{region}:{account}:schedule-group/{id}"),),
        delete_call="delete_schedule_group", delete_with={"Name": "{id}"},
    ),
}  # fmt: skip
