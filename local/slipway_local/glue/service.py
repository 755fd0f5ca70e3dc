"""StartJobRun, GetJobRun and BatchStopJobRun: moto's runs succeed by being asked for; these run.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html
"""

import sys
import threading
import traceback
from typing import Any

from slipway_local import events
from slipway_local.aws import Place
from slipway_local.functions.packages import Packages
from slipway_local.glue import contract
from slipway_local.glue.contract import UnsupportedJobError, check
from slipway_local.glue.job_run import Process, Work
from slipway_local.glue.shown import shown
from slipway_local.state_machines.jobs import JobService, register

RUNNING = ("STARTING", "RUNNING")
LOST = "The local cloud was stopped while the job ran; start it again."
FOLLOWED = JobService(
    service="glue",
    describe="get_job_run",
    identify={"JobName": "JobName", "RunId": "JobRunId"},
    status="JobRun.JobRunState",
    running=frozenset({"STARTING", "RUNNING", "STOPPING", "WAITING"}),
    succeeded=frozenset({"SUCCEEDED"}),
)
SESSION = "GlueJobRunnerSession"
DEFAULT_TIMEOUT_MINUTES = 480
GROUPS = {"output": "/aws-glue/jobs/output", "errors": "/aws-glue/jobs/error"}


class Jobs:
    """The runs in progress."""

    def __init__(self, place: Place, packages: Packages) -> None:
        self._place, self._packages = place, packages
        self._live: dict[str, Process] = {}
        self._lock = threading.Lock()

    def start(self, job: Any, run: Any) -> None:
        """Run a job in the background."""
        process = Process(self._place, self._packages, self._work(job, run))
        with self._lock:
            self._live[run.job_run_id] = process
        threading.Thread(target=self._follow, args=(process, run), name=f"glue-{job.name}", daemon=True).start()

    def _work(self, job: Any, run: Any) -> Work:
        role = job.role
        if not role.startswith("arn:"):
            role = f"arn:{self._place.partition}:iam::{self._place.account}:role/{role.lstrip('/')}"
        return Work(
            role=role,
            session=SESSION,
            minutes=run.timeout or DEFAULT_TIMEOUT_MINUTES,
            script=job.command["ScriptLocation"],
            arguments=contract.command_line(job, run),
            python_path=lambda s3, folder: contract.python_path(s3, self._packages, run.arguments, folder),
        )

    def settle(self, run: Any) -> None:
        """Mark a run that a stop of this cloud has ended."""
        if run.status in RUNNING and run.job_run_id not in self._live:
            _end(run, "FAILED", LOST)

    def stop(self, run: Any) -> None:
        """Stop a run."""
        run.status = "STOPPING"
        self._live[run.job_run_id].stop()

    def close(self) -> None:
        """End every run."""
        for process in list(self._live.values()):
            process.stop()

    def _follow(self, process: Process, run: Any) -> None:
        run.status = "RUNNING"
        try:
            state, reason = process.finish()
            self._log(process, run)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            state, reason = "FAILED", f"{type(error).__name__}: {error}"
        _end(run, state, reason)
        with self._lock:
            del self._live[run.job_run_id]
        self._tell(run)

    def _log(self, process: Process, run: Any) -> None:
        from moto.logs.models import logs_backends

        logs = logs_backends[self._place.account][self._place.region]
        for name, group in GROUPS.items():
            lines = getattr(process, name).splitlines()
            if group not in logs.groups:
                logs.create_log_group(group, {})
            logs.create_log_stream(group, run.job_run_id)
            now = round(run.modified_on.timestamp() * 1000)
            logs.put_log_events(group, run.job_run_id, [{"timestamp": now, "message": line} for line in lines if line])

    def _tell(self, run: Any) -> None:
        """Source: https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html."""
        severity = "INFO" if run.status == "SUCCEEDED" else "ERROR"
        detail = {
            "jobName": run.job_name,
            "severity": severity,
            "state": run.status,
            "jobRunId": run.job_run_id,
            "message": run.slipway_error or "Job run succeeded",
        }
        about = {"detail-type": "Glue Job State Change", "source": "aws.glue", "resources": [], "detail": detail}
        events.publish({**about, "account": self._place.account, "region": self._place.region})


def _end(run: Any, state: str, reason: str) -> None:
    from moto.core.utils import utcnow

    run.slipway_error = reason
    run.completed_on = run.modified_on = utcnow()
    run.status = state


def install(place: Place, packages: Packages) -> Jobs:
    """Put these in place of moto's runs, and let `.sync` of state machines follow them."""
    from moto.core.responses import ActionResult
    from moto.glue.exceptions import InvalidInputException
    from moto.glue.models import FakeJob, FakeJobRun
    from moto.glue.responses import GlueResponse

    jobs, start = Jobs(place, packages), FakeJob.start_job_run

    def start_job_run(self: Any, **settings: Any) -> str:
        if settings.pop("previous_run_id", None):
            raise InvalidInputException("StartJobRun", "this local cloud does not run a former run again (JobRunId)")
        try:
            check(self, {**self.default_arguments, **(settings.get("arguments") or {})})
        except UnsupportedJobError as error:
            raise InvalidInputException("StartJobRun", f"this local cloud does not run {error}") from None
        for run in self.job_runs:
            jobs.settle(run)
        identifier: str = start(self, **settings, previous_run_id=None)
        jobs.start(self, self.job_runs[-1])
        return identifier

    def batch_stop_job_run(self: Any) -> Any:
        name, identifiers = self._get_param("JobName"), self._get_param("JobRunIds")
        return ActionResult(_stop(jobs, self.glue_backend.get_job(name), identifiers))

    def as_dict(self: Any) -> dict[str, Any]:
        jobs.settle(self)
        return shown(self)

    FakeJob.start_job_run = start_job_run
    FakeJobRun.advance = lambda self: None
    FakeJobRun.as_dict = as_dict
    # The status is what the process made it, not how often or how long ago it was asked for.
    FakeJobRun.status = property(lambda self: self._status, lambda self, value: setattr(self, "_status", value))
    GlueResponse.batch_stop_job_run = batch_stop_job_run
    register("glue:startJobRun", FOLLOWED)
    return jobs


def _stop(jobs: Jobs, job: Any, identifiers: list[str]) -> dict[str, Any]:
    runs, stopped, errors = {run.job_run_id: run for run in job.job_runs}, [], []
    for identifier in identifiers:
        run = runs.get(identifier)
        if run is not None:
            jobs.settle(run)
        if run is None or run.status not in RUNNING:
            code = "JobRunNotFoundException" if run is None else "JobRunNotInTerminalStateException"
            detail = {"ErrorCode": code, "ErrorMessage": "there is no such run that could be stopped"}
            errors.append({"JobName": job.name, "JobRunId": identifier, "ErrorDetail": detail})
            continue
        jobs.stop(run)
        stopped.append({"JobName": job.name, "JobRunId": identifier})
    return {"SuccessfulSubmissions": stopped, "Errors": errors}
