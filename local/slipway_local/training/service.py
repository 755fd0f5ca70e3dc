"""Training and processing jobs: moto's have ended when they begin; these run.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
"""

import json
import shutil
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from slipway_local import events
from slipway_local.aws import Place
from slipway_local.functions.packages import Packages
from slipway_local.state_machines.jobs import JobService, register
from slipway_local.training import contract, registry
from slipway_local.training.job import REASON_CHARACTERS, Job, JobFailedError
from slipway_local.training.objects import NoObjectsError
from slipway_local.training.processing_job import ProcessingJob
from slipway_local.training.runtime import NoTorchError
from slipway_local.training.training_job import TrainingJob

LOST = "InternalServerError: the local cloud was stopped while the job ran; start it again"
ENDED = ("Completed", "Failed", "Stopped")
KINDS: dict[str, type[Job]] = {"training": TrainingJob, "processing": ProcessingJob}


class Jobs:
    """The jobs in progress, by kind and name. `changes` counts what they did to their records."""

    def __init__(self, place: Place, packages: Packages, folder: Path) -> None:
        self._place, self._packages, self._folder = place, packages, folder
        self.live: dict[tuple[str, str], Job] = {}
        self.changes = 0

    def start(self, kind: str, record: Any) -> None:
        """Run a job in the background."""
        name = name_of(kind, record)
        job = self.live[kind, name] = KINDS[kind](self._place, self._packages, self._folder / kind / name, record)
        set_status(kind, record, "InProgress")  # not before: a job that is neither ended nor live was lost
        threading.Thread(target=self._follow, args=(kind, job), name=f"{kind}-{name}", daemon=True).start()

    def settle(self, kind: str, record: Any) -> Any:
        """Return a record, marked as failed if a stop of this cloud has ended the job."""
        if status_of(kind, record) not in ENDED and (kind, name_of(kind, record)) not in self.live:
            record.failure_reason = LOST
            set_status(kind, record, "Failed")
        return record

    def stop(self, kind: str, record: Any) -> bool:
        """Stop a job; False if it has ended."""
        job = self.live.get((kind, name_of(kind, self.settle(kind, record))))
        if job is None:
            return False
        set_status(kind, record, "Stopping")
        job.stop()
        return True

    def interrupt(self, name: str) -> None:
        """Take a training job's spot instance away. Raises: LookupError, ValueError."""
        job = self.live.get(("training", name))
        if not isinstance(job, TrainingJob):
            raise LookupError(f"no training job {name} is in progress")
        job.interrupt()

    def close(self) -> None:
        """End every job."""
        for job in list(self.live.values()):
            job.close()

    def _follow(self, kind: str, job: Job) -> None:
        record, reason = job.record, None
        try:
            job.finish()
        except (JobFailedError, NoTorchError) as error:
            reason = str(error)
        except (NoObjectsError, ClientError) as error:
            reason = f"ClientError: Data download or upload failed: {error}"
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            reason = f"InternalServerError: {type(error).__name__}: {error}"
        status = "Failed" if reason else "Stopped" if job.stopping or getattr(job, "late", False) else "Completed"
        record.failure_reason = reason and reason[:REASON_CHARACTERS]
        if isinstance(job, TrainingJob):
            job.enter("MaxRuntimeExceeded" if status == "Stopped" and not job.stopping else status, reason or status)
            record.training_end_time = record.training_end_time or time.time()
        else:
            record.processing_end_time = time.time()
        shutil.rmtree(job.folder, ignore_errors=True)
        set_status(kind, record, status)
        del self.live[kind, name_of(kind, record)]
        self.changes += 1
        self._tell(kind, record, status)

    def _tell(self, kind: str, record: Any, status: str) -> None:
        """Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html."""
        title = kind.capitalize()
        detail = {f"{title}JobName": name_of(kind, record), f"{title}JobStatus": status}
        detail |= {f"{title}JobArn": record.arn} | (
            {"FailureReason": record.failure_reason} if record.failure_reason else {}
        )
        about = {"source": "aws.sagemaker", "resources": [record.arn], "detail": detail}
        where = {"account": self._place.account, "region": self._place.region}
        events.publish({"detail-type": f"SageMaker {title} Job State Change", **about, **where})


def name_of(kind: str, record: Any) -> str:
    """Return a job's name."""
    return str(getattr(record, f"{kind}_job_name"))


def status_of(kind: str, record: Any) -> str:
    """Return a job's status."""
    return str(getattr(record, f"{kind}_job_status"))


def set_status(kind: str, record: Any, status: str) -> None:
    """Change a job's status."""
    record.last_modified_time = time.time()
    setattr(record, f"{kind}_job_status", status)


def install(place: Place, packages: Packages, folder: Path) -> Jobs:
    """Put these in place of moto's jobs, and let `.sync` of state machines follow them."""
    from moto.sagemaker.responses import SageMakerResponse

    jobs = Jobs(place, packages, folder)
    for kind in KINDS:
        _install(SageMakerResponse, jobs, kind)
    registry.install(place)
    return jobs


def _install(responses: Any, jobs: Jobs, kind: str) -> None:
    from moto.core.responses import ActionResult
    from moto.sagemaker.exceptions import AWSValidationException, ResourceInUseException, ValidationError

    title, check = (
        kind.capitalize(),
        {"training": contract.check_training, "processing": contract.check_processing}[kind],
    )
    create, list_all = getattr(responses, f"create_{kind}_job"), getattr(responses, f"list_{kind}_jobs")

    def records(response: Any) -> dict[str, Any]:
        return dict(getattr(response.sagemaker_backend, f"{kind}_jobs"))

    def asked(response: Any) -> Any:
        name = response._get_param(f"{title}JobName")
        if name not in records(response):
            raise ValidationError(message="Requested resource not found.")
        return jobs.settle(kind, records(response)[name])

    def create_job(self: Any) -> ActionResult:
        request = json.loads(self.body)
        try:
            check(request)
        except contract.UnsupportedJobError as error:
            raise AWSValidationException(f"this local cloud does not run {error}") from None
        name = request[f"{title}JobName"]
        if name in records(self):
            raise ResourceInUseException(
                message="Job name must be unique within an AWS account and region, and a job with this name already "
                f"exists ({records(self)[name].arn})"
            )
        answer = create(self)
        record = records(self)[name]
        record.environment = request.get("Environment")
        PREPARE[kind](record, request)
        jobs.start(kind, record)
        return answer

    def describe_job(self: Any) -> ActionResult:
        return ActionResult(asked(self).response_object)

    def stop_job(self: Any) -> ActionResult:
        if not jobs.stop(kind, asked(self)):
            raise ValidationError(message=f"The request was rejected because the {kind} job is in status "
                                  f"{status_of(kind, asked(self))}.")  # fmt: skip
        return ActionResult({})

    def list_jobs(self: Any) -> ActionResult:
        for record in records(self).values():
            jobs.settle(kind, record)
        return list_all(self)

    setattr(responses, f"create_{kind}_job", create_job)
    setattr(responses, f"describe_{kind}_job", describe_job)
    setattr(responses, f"stop_{kind}_job", stop_job)
    setattr(responses, f"list_{kind}_jobs", list_jobs)
    register(f"sagemaker:create{title}Job", _followed(title))


def _followed(title: str) -> JobService:
    name = {f"{title}JobName": f"{title}JobName"}
    return JobService(
        service="sagemaker", describe=f"describe_{title.lower()}_job", identify=name, status=f"{title}JobStatus",
        running=frozenset({"InProgress", "Stopping"}), succeeded=frozenset({"Completed"}),
        stop=f"stop_{title.lower()}_job",
    )  # fmt: skip


def _prepare_training(record: Any, request: dict[str, Any]) -> None:
    # moto shows a metric definition of its own, and times of a job that has ended.
    record.algorithm_specification = request["AlgorithmSpecification"]
    record.training_start_time = record.training_end_time = record.failure_reason = None
    record.secondary_status_transitions, record.final_metric_data_list = [], []
    record.training_time_in_seconds = record.billable_time_in_seconds = 0
    now = time.time()
    record.secondary_status = "Starting"
    record.secondary_status_transitions = [
        {"Status": "Starting", "StartTime": now, "StatusMessage": "Preparing the instances for training"}
    ]


def _prepare_processing(record: Any, request: dict[str, Any]) -> None:
    record.processing_resources = request["ProcessingResources"]
    record.processing_start_time = record.processing_end_time = record.failure_reason = record.exit_message = None


PREPARE = {"training": _prepare_training, "processing": _prepare_processing}
