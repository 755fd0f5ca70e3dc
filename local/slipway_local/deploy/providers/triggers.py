"""What makes functions run: event source mappings, asynchronous settings, permissions, EventBridge Scheduler."""

from typing import Any

from slipway_local.deploy.providers.base import Api, Context, Created, Properties, Provider, api

# What a mapping goes back to when its property leaves the template.
_DEFAULTS: Properties = {
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {},
    "Enabled": True,
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ScalingConfig": {},
}


class Mapping(Api):
    """AWS::Lambda::EventSourceMapping; an update also resets what has left the template."""

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Send every setting."""
        gone = {name: _DEFAULTS[name] for name in old.keys() - new.keys() if name in _DEFAULTS}
        if "BatchSize" in old and "BatchSize" not in new:
            gone["BatchSize"] = 10 if ":sqs:" in str(new["EventSourceArn"]) else 100
        return super().update(context, existing, old, {**gone, **new})


def _statement(context: Context, properties: Properties) -> Properties:
    return {"StatementId": context.name(100), **properties}


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
    "AWS::Lambda::EventSourceMapping": Mapping(
        service="lambda", create_call="create_event_source_mapping", ref="@UUID",
        attributes={"Id": "{id}", "EventSourceMappingArn": "@EventSourceMappingArn"},
        update_call="update_event_source_mapping", update_with={"UUID": "{id}"},
        delete_call="delete_event_source_mapping", delete_with={"UUID": "{id}"},
    ),
    "AWS::Lambda::EventInvokeConfig": api(
        "lambda", "put_function_event_invoke_config", "{FunctionName}|{Qualifier}",
        update_call="put_function_event_invoke_config", delete_call="delete_function_event_invoke_config",
        delete_with={"FunctionName": "{FunctionName}", "Qualifier": "{Qualifier}"},
    ),
    "AWS::Scheduler::Schedule": Schedule(
        service="scheduler", create_call="create_schedule", ref="{Name}", name="Name", prepare=_schedule,
        attributes={"Arn": _SCHEDULE_ARN}, update_call="update_schedule", update_with={"Name": "{id}"},
        delete_call="delete_schedule", delete_with=_SCHEDULE,
    ),
    "AWS::Scheduler::ScheduleGroup": api(
        "scheduler", "create_schedule_group", "{Name}", name="Name", attributes={"Arn": "@ScheduleGroupArn"},
        delete_call="delete_schedule_group", delete_with={"Name": "{id}"},
    ),
}  # fmt: skip
