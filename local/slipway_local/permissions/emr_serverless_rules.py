"""What a call to EMR Serverless needs: a run is named by its application's id and its own."""

from slipway_local.permissions.calls import Call
from slipway_local.permissions.decision import Need


def emr_serverless(call: Call) -> list[Need] | None:
    """Return the run of a call about one.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_emrserverless.html
    """
    application, run = call.parameters.get("applicationId"), call.parameters.get("jobRunId")
    if not (application and run):
        return None
    return [Need(f"emr-serverless:{call.operation}", call.arn(f"/applications/{application}/jobruns/{run}"))]
