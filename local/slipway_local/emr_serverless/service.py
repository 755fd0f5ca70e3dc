"""StartJobRun, GetJobRun and CancelJobRun of EMR Serverless: moto's runs have ended when they begin; these run.

Source: https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_JobRun.html
"""

import sys
import threading
import traceback
from typing import Any

from slipway_local.aws import Place
from slipway_local.emr_serverless.contract import submit_of
from slipway_local.emr_serverless.shown import application_shown, run_shown
from slipway_local.functions.packages import Packages
from slipway_local.glue.contract import UnsupportedJobError
from slipway_local.glue.job_run import Process, Work
from slipway_local.state_machines.jobs import JobService, register

RUNNING = frozenset({"SUBMITTED", "PENDING", "SCHEDULED", "RUNNING", "CANCELLING", "QUEUED"})
# A run that takes longer than it may is cancelled.
STATES = {"SUCCEEDED": "SUCCESS", "FAILED": "FAILED", "STOPPED": "CANCELLED", "TIMEOUT": "CANCELLED"}
LOST = "The local cloud was stopped while the job ran; start it again."
SESSION = "EMRServerlessJobRun"
# What moto does not keep of an application, and what AWS makes it where it is not given.
DEFAULTS = {
    "architecture": "X86_64",
    "monitoringConfiguration": {"managedPersistenceMonitoringConfiguration": {"enabled": True}},
}
KEPT = (*DEFAULTS, "imageConfiguration", "runtimeConfiguration", "workerTypeSpecifications")
FOLLOWED = JobService(
    service="emr-serverless",
    describe="get_job_run",
    identify={"applicationId": "ApplicationId", "jobRunId": "JobRunId"},
    status="jobRun.state",
    running=RUNNING,
    succeeded=frozenset({"SUCCESS"}),
    stop="cancel_job_run",
)


class Runs:
    """The runs in progress."""

    def __init__(self, place: Place, packages: Packages) -> None:
        self._place, self._packages = place, packages
        self._live: dict[str, Process] = {}
        self._lock = threading.Lock()

    def start(self, application: Any, run: Any, request: dict[str, Any]) -> None:
        """Run a script in the background. Raises: UnsupportedJobError for what cannot be run here."""
        submit, script = submit_of(application, request), run.job_driver["sparkSubmit"]
        work = Work(
            role=run.execution_role_arn,
            session=SESSION,
            minutes=run.execution_timeout_minutes,
            script=script["entryPoint"],
            arguments=script.get("entryPointArguments") or [],
            python_path=lambda s3, folder: submit.installed(s3, self._packages, folder),
            settings=submit.settings,
        )
        process = Process(self._place, self._packages, work)
        application.state = "STARTED"
        with self._lock:
            self._live[run.id] = process
        follow = threading.Thread(target=self._follow, args=(process, application, run), name=f"emr-{run.id}")
        follow.daemon = True
        follow.start()

    def settle(self, run: Any) -> Any:
        """Return a run, marked as failed if a stop of this cloud has ended it."""
        if run.state in RUNNING and run.id not in self._live:
            _end(run, "FAILED", LOST)
        return run

    def cancel(self, run: Any) -> None:
        """End a run; one that has ended stays as it is."""
        if process := self._live.get(run.id):
            run.state = "CANCELLING"
            process.stop()

    def close(self) -> None:
        """End every run."""
        for process in list(self._live.values()):
            process.stop()

    def _follow(self, process: Process, application: Any, run: Any) -> None:
        run.state = "RUNNING"
        try:
            state, reason = process.finish()
            self._log(process, application, run)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            state, reason = "FAILED", f"{type(error).__name__}: {error}"
        _end(run, STATES[state], reason)
        with self._lock:
            del self._live[run.id]
            if not self._live:  # as after its idle minutes
                application.state = "STOPPED"

    def _log(self, process: Process, application: Any, run: Any) -> None:
        """Source: https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/logging.html, CloudWatch."""
        from moto.logs.models import logs_backends

        kept = (application.slipway_settings.get("monitoringConfiguration") or {}).get("cloudWatchLoggingConfiguration")
        if not kept or not kept.get("enabled"):
            return
        logs = logs_backends[self._place.account][self._place.region]
        group = kept.get("logGroupName") or "/aws/emr-serverless"
        now = round(run.updated_at.timestamp() * 1000)
        for name, text in (("stdout", process.output), ("stderr", process.errors)):
            stream = f"/applications/{run.application_id}/jobs/{run.id}/SPARK_DRIVER/{name}"
            if group not in logs.groups:
                logs.create_log_group(group, {})
            logs.create_log_stream(group, stream)
            lines = [{"timestamp": now, "message": line} for line in text.splitlines() if line]
            logs.put_log_events(group, stream, lines)


def _end(run: Any, state: str, reason: str) -> None:
    from moto.core.utils import utcnow

    run.state_details = reason
    run.updated_at = utcnow()
    run.state = state


def _kept(given: dict[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in KEPT if given.get(name)}


def install(place: Place, packages: Packages) -> Runs:
    """Put these in place of moto's runs, and let `.sync` of state machines follow them."""
    from moto.core.responses import ActionResult
    from moto.core.utils import utcnow
    from moto.emrserverless.exceptions import ValidationException
    from moto.emrserverless.models import EMRServerlessBackend
    from moto.emrserverless.responses import EMRServerlessResponse

    runs, begin = Runs(place, packages), EMRServerlessBackend.start_job_run
    make, change = EMRServerlessResponse.create_application, EMRServerlessResponse.update_application

    def create_application(self: Any) -> Any:
        made = make(self)
        application = self.emrserverless_backend.get_application(made.result["applicationId"])
        application.slipway_settings = {**DEFAULTS, **_kept(self._get_params())}
        application.state = "CREATED"
        return made

    def update_application(self: Any) -> Any:
        change(self)
        given = self._get_params()
        application = self.emrserverless_backend.get_application(given["applicationId"])
        application.slipway_settings |= _kept(given)
        application.release_label = given.get("releaseLabel") or application.release_label
        return ActionResult({"application": application_shown(application)})

    def start_job_run(self: Any) -> Any:
        backend, given = self.emrserverless_backend, self._get_params()
        application = backend.get_application(given["applicationId"])
        try:
            submit_of(application, given)
        except UnsupportedJobError as error:
            raise ValidationException(f"this local cloud does not run {error}") from None
        run = begin(
            backend, given["applicationId"], given.get("clientToken", ""), given["executionRoleArn"],
            given["jobDriver"], None, given.get("tags"), given.get("executionTimeoutMinutes"), given.get("name"),
        )  # fmt: skip
        run.state, run.created_at, run.updated_at = "SUBMITTED", utcnow(), utcnow()
        runs.start(application, run, given)
        return ActionResult({"applicationId": run.application_id, "jobRunId": run.id, "arn": run.arn})

    def get_job_run(self: Any) -> Any:
        backend = self.emrserverless_backend
        run = backend.get_job_run(self._get_param("applicationId"), self._get_param("jobRunId"))
        return ActionResult({"jobRun": run_shown(runs.settle(run))})

    def cancel_job_run(self: Any) -> Any:
        backend, identifier = self.emrserverless_backend, self._get_param("jobRunId")
        run = backend.get_job_run(self._get_param("applicationId"), identifier)
        runs.cancel(runs.settle(run))
        return ActionResult({"applicationId": run.application_id, "jobRunId": identifier})

    def get_application(self: Any) -> Any:
        application = self.emrserverless_backend.get_application(self._get_param("applicationId"))
        return ActionResult({"application": application_shown(application)})

    own = (create_application, update_application, get_application, start_job_run, get_job_run, cancel_job_run)
    for method in own:
        setattr(EMRServerlessResponse, method.__name__, method)
    register("emr-serverless:startJobRun", FOLLOWED)
    return runs
