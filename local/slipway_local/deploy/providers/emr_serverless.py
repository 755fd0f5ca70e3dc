"""Applications of EMR Serverless."""

from slipway_local.deploy.providers.api import api
from slipway_local.deploy.providers.base import Provider

PROVIDERS: dict[str, Provider] = {
    "AWS::EMRServerless::Application": api(
        "emr-serverless", "create_application", "@applicationId",
        attributes={"ApplicationId": "@applicationId", "Arn": "@arn"},
        update_call="update_application", update_with={"applicationId": "{id}"},
        defaults={
            "Architecture": "X86_64",
            "AutoStartConfiguration": {"Enabled": True},
            "AutoStopConfiguration": {"Enabled": True, "IdleTimeoutMinutes": 15},
            "MonitoringConfiguration": {"ManagedPersistenceMonitoringConfiguration": {"Enabled": True}},
        },
        delete_call="delete_application", delete_with={"applicationId": "{id}"},
    ),
}  # fmt: skip
