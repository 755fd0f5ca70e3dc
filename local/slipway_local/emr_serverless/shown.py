"""An application as GetApplication shows it, and a run as GetJobRun does; members that are not known are left out.

Source: https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_Application.html, API_JobRun.html
"""

from typing import Any

ENDED = frozenset({"SUCCESS", "FAILED", "CANCELLED"})


def application_shown(application: Any) -> dict[str, Any]:
    """Return an application's members."""
    return _known(
        {
            "applicationId": application.id,
            "name": application.name,
            "arn": application.arn,
            "releaseLabel": application.release_label,
            "type": application.type,
            "state": application.state,
            "stateDetails": application.state_details,
            "initialCapacity": application.initial_capacity,
            "maximumCapacity": application.maximum_capacity,
            "createdAt": application.created_at,
            "updatedAt": application.updated_at,
            "tags": application.tags,
            "autoStartConfiguration": application.auto_start_configuration,
            "autoStopConfiguration": application.auto_stop_configuration,
            "networkConfiguration": application.network_configuration,
            **application.slipway_settings,
        }
    )


def run_shown(run: Any) -> dict[str, Any]:
    """Return a run's members."""
    ended = run.state in ENDED
    return _known(
        {
            "applicationId": run.application_id,
            "jobRunId": run.id,
            "name": run.name,
            "arn": run.arn,
            "createdBy": run.execution_role_arn,
            "createdAt": run.created_at,
            "updatedAt": run.updated_at,
            "startedAt": run.created_at,
            "endedAt": run.updated_at if ended else None,
            "executionRole": run.execution_role_arn,
            "state": run.state,
            "stateDetails": run.state_details or "",
            "releaseLabel": run.release_label,
            "jobDriver": run.job_driver,
            "tags": run.tags,
            "executionTimeoutMinutes": run.execution_timeout_minutes,
            "totalExecutionDurationSeconds": round((run.updated_at - run.created_at).total_seconds())
            if ended
            else None,
            "attempt": 1,
        }
    )


def _known(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
