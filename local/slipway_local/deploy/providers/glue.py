"""Glue jobs, databases and tables of the Data Catalog, and Firehose streams."""

from typing import Any

from slipway_local.deploy.providers.api import Setting, api
from slipway_local.deploy.providers.base import Context, Created, Everything, Properties, Provider
from slipway_local.deploy.providers.calls import call


def _job_update(context: Context, name: str, new: Properties, old: Properties) -> None:
    """Make the job anew: moto has no UpdateJob. Its runs are forgotten."""
    call(context.place, "glue", "delete_job", {"JobName": name})
    call(context.place, "glue", "create_job", {**new, "Name": name})


def _database(context: Context, name: str, new: Properties, old: Properties) -> None:
    call(context.place, "glue", "update_database", {"Name": name, "DatabaseInput": new["DatabaseInput"]})


class Table(Everything):
    """AWS::Glue::Table: named within its database."""

    def create(self, context: Context, properties: Properties) -> Created:
        """Create the table. Raises ClientError if it exists."""
        call(context.place, "glue", "create_table", _table(properties))
        return Created(physical_id=properties["TableInput"]["Name"])

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Change the table in place."""
        call(context.place, "glue", "update_table", _table(new))
        return existing

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete the table."""
        arguments = {"DatabaseName": properties["DatabaseName"], "Name": existing.physical_id}
        call(context.place, "glue", "delete_table", arguments)


def _table(properties: Properties) -> dict[str, Any]:
    return {name: properties[name] for name in ("DatabaseName", "TableInput")}


_JOB_UPDATE = Setting(
    _job_update, "AllocatedCapacity", "Command", "Connections", "DefaultArguments", "Description", "ExecutionClass",
    "ExecutionProperty", "GlueVersion", "JobMode", "JobRunQueuingEnabled", "LogUri", "MaintenanceWindow",
    "MaxCapacity", "MaxRetries", "NonOverridableArguments", "NotificationProperty", "NumberOfWorkers", "Role",
    "SecurityConfiguration", "Tags", "Timeout", "WorkerType", created=False,
)  # fmt: skip
PROVIDERS: dict[str, Provider] = {
    "AWS::Glue::Job": api(
        "glue", "create_job", "{Name}", name="Name", name_limit=255, settings=(_JOB_UPDATE,),
        delete_call="delete_job", delete_with={"JobName": "{id}"},
    ),
    "AWS::Glue::Database": api(
        "glue", "create_database", "{Name}",
        prepare=lambda context, properties: {**properties, "Name": properties["DatabaseInput"]["Name"]},
        settings=(Setting(_database, "DatabaseInput", created=False),),
        delete_call="delete_database", delete_with={"Name": "{id}"},
    ),
    "AWS::Glue::Table": Table(),
    "AWS::KinesisFirehose::DeliveryStream": api(
        "firehose", "create_delivery_stream", "{DeliveryStreamName}", name="DeliveryStreamName",
        attributes={"Arn": "@DeliveryStreamARN"},
        delete_call="delete_delivery_stream", delete_with={"DeliveryStreamName": "{id}"},
    ),
}  # fmt: skip
