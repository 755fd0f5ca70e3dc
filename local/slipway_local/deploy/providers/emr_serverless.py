"""Applications of EMR Serverless."""

from slipway_local.deploy.providers.api import Setting, api
from slipway_local.deploy.providers.base import Context, Properties, Provider
from slipway_local.deploy.providers.calls import call


def _update(context: Context, identifier: str, new: Properties, old: Properties) -> None:
    """Change the application while it is stopped, as the service asks; what has left the template is its default."""
    which = {"applicationId": identifier}
    call(context.place, "emr-serverless", "stop_application", which)
    call(context.place, "emr-serverless", "update_application", {**DEFAULTS, **new, **which})
    call(context.place, "emr-serverless", "start_application", which)


def _stop(context: Context, identifier: str, new: Properties, old: Properties) -> None:
    """Stop it: the service deletes none that is started."""
    call(context.place, "emr-serverless", "stop_application", {"applicationId": identifier})


DEFAULTS: Properties = {
    "AutoStartConfiguration": {"Enabled": True},
    "AutoStopConfiguration": {"Enabled": True, "IdleTimeoutMinutes": 15},
}
_SETTINGS = Setting(_update, "AutoStartConfiguration", "AutoStopConfiguration", "MaximumCapacity", created=False)
PROVIDERS: dict[str, Provider] = {
    "AWS::EMRServerless::Application": api(
        "emr-serverless", "create_application", "@applicationId",
        attributes={"ApplicationId": "@applicationId", "Arn": "@arn"},
        settings=(_SETTINGS,),
        before_delete=_stop, delete_call="delete_application", delete_with={"applicationId": "{id}"},
    ),
}  # fmt: skip
