"""A job run as GetJobRun shows it."""

from typing import Any

ENDED = frozenset({"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"})


def shown(run: Any) -> dict[str, Any]:
    """Return a run's members; those that are not known yet are left out.

    Source: https://docs.aws.amazon.com/glue/latest/webapi/API_JobRun.html
    """
    ended = run.status in ENDED
    members = {
        "Id": run.job_run_id,
        "Attempt": 0,
        "JobName": run.job_name,
        "StartedOn": run.started_on,
        "LastModifiedOn": run.modified_on,
        "CompletedOn": run.completed_on if ended else None,
        "JobRunState": run.status,
        "ErrorMessage": getattr(run, "slipway_error", "") or None,
        "Arguments": run.arguments or None,
        "PredecessorRuns": [],
        "ExecutionTime": round((run.completed_on - run.started_on).total_seconds()) if ended else 0,
        "Timeout": run.timeout,
        "WorkerType": run.worker_type,
        "NumberOfWorkers": run.number_of_workers,
        "LogGroupName": "/aws-glue/jobs",
        "GlueVersion": "5.1",
    }
    return {name: value for name, value in members.items() if value is not None}
