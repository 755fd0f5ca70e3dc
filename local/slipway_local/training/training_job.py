"""One training job: its instance's life, from the copied channels to the archive of the model.

An interrupted spot instance loses its folder; the next one gets the checkpoints back.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html
Source: https://github.com/aws/sagemaker-training-toolkit/blob/master/ENVIRONMENT_VARIABLES.md
"""

import json
import time
from pathlib import Path
from typing import Any

from slipway_local.training import contract
from slipway_local.training.container import Container
from slipway_local.training.job import REASON_CHARACTERS, ROOT, Job, JobFailedError
from slipway_local.training.told import Told

GROUP = "/aws/sagemaker/TrainingJobs"
HOST = "algo-1"
DEFAULT_SECONDS = 86_400
SYNC_SECONDS = 1.0


class TrainingJob(Job):
    """Runs one training job of moto's."""

    interrupted = False

    def interrupt(self) -> None:
        """Take the spot instance away: SIGTERM, two minutes, the end; another instance follows.

        Raises: ValueError for a job without managed spot, or one that does not train at the moment.
        """
        if not self.record.enable_managed_spot_training:
            raise ValueError(f"{self.record.training_job_name} is not on spot capacity (EnableManagedSpotTraining)")
        if self.container is None or self.record.secondary_status != "Training":
            raise ValueError(f"{self.record.training_job_name} is not training: {self.record.secondary_status}")
        self.interrupted = True
        self.container.warn()

    def finish(self) -> None:
        """Train on one instance after another until the job ends."""
        self.told = Told(
            self.place, GROUP, self.record.training_job_name,
            self.record.algorithm_specification.get("MetricDefinitions"),
        )  # fmt: skip
        while True:
            self.interrupted = False
            self.fresh()
            self.enter("Downloading", "Downloading input data")
            code = self._fetch()
            exit_code, late = self._train(code)
            if not self.interrupted or self.stopping or late:
                break
            self.enter("Interrupted", "The spot instance was taken away")
            self.enter("Starting", "Preparing another instance")
        self._keep(exit_code)
        self.late = late

    def enter(self, status: str, message: str) -> None:
        """Enter a secondary status."""
        now, transitions = time.time(), self.record.secondary_status_transitions
        if transitions:
            transitions[-1]["EndTime"] = now
        transitions.append({"Status": status, "StartTime": now, "StatusMessage": message})
        self.record.secondary_status, self.record.last_modified_time = status, now

    def _fetch(self) -> Path:
        """Copy what the job reads and return the folder of its code."""
        inputs, code = self.folder / "input", self.folder / "code"
        for channel in self.record.input_data_config or ():
            address = channel["DataSource"]["S3DataSource"]["S3Uri"]
            self.objects.download(address, inputs / "data" / channel["ChannelName"])
        for path in (inputs / "config", self.folder / "model", self.folder / "output" / "data", code):
            path.mkdir(parents=True, exist_ok=True)
        if self._checkpoints:
            self.objects.download(self._checkpoints, self.folder / "checkpoints", needed=False)
        given = self.record.hyper_parameters or {}
        written = {"hyperparameters": given, "resourceconfig": self._resources, "inputdataconfig": self._channels}
        for name, content in written.items():
            (inputs / "config" / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        if contract.SOURCE in self._given:
            self.objects.unpack(str(self._given[contract.SOURCE]), code)
        return code

    def _train(self, code: Path) -> tuple[int, bool]:
        self.enter("Training", "Training image download completed. Training in progress.")
        self.record.training_start_time = self.record.training_start_time or time.time()
        kept: dict[str, tuple[int, int]] = {}
        synced = time.monotonic()

        def sync(*, now: bool = False) -> None:
            nonlocal synced
            self.record.final_metric_data_list = self.told.final()
            if self._checkpoints and (now or time.monotonic() > synced + SYNC_SECONDS):
                self.objects.upload(self.folder / "checkpoints", self._checkpoints, kept)
                synced = time.monotonic()

        self.container = Container(self.told.line, sync)
        if self.stopping:
            return 0, False
        limit = (self.record.stopping_condition or {}).get("MaxRuntimeInSeconds", DEFAULT_SECONDS)
        began = time.monotonic()
        result = self.container.run(self._command(), self.environment(self._variables(), code), code, limit)
        self.record.training_time_in_seconds += max(1, round(time.monotonic() - began))
        self.record.billable_time_in_seconds = self.record.training_time_in_seconds
        sync(now=True)
        return result

    def _keep(self, code: int) -> None:
        """Put the results into S3. Raises: JobFailedError for a job that ended badly."""
        self.record.training_end_time = time.time()
        self.enter("Uploading", "Uploading generated training model")
        folder, target = self.folder, self.record.model_artifacts["S3ModelArtifacts"]
        if any((folder / "output" / "data").iterdir()):
            self.objects.pack(folder / "output" / "data", target.replace("model.tar.gz", "output.tar.gz"))
        if code and not self.stopping:
            said = folder / "output" / "failure"
            reason = said.read_text(encoding="utf-8", errors="replace") if said.is_file() else ""
            raise JobFailedError(f"AlgorithmError: {reason}, exit code: {code}"[:REASON_CHARACTERS])
        self.objects.pack(folder / "model", target)

    def _command(self) -> list[str]:
        algorithm = self.record.algorithm_specification
        if "ContainerEntrypoint" in algorithm:
            return self.command([*algorithm["ContainerEntrypoint"], *algorithm.get("ContainerArguments", [])])
        return self.command(["python3", f"{ROOT}/code/{self._given[contract.PROGRAM]}", *self._arguments()])

    def _arguments(self) -> list[str]:
        """Return the hyperparameters as the toolkit passes them to the program."""
        return [word for name, value in sorted(self._own.items()) for word in (f"--{name}", str(value))]

    def _variables(self) -> dict[str, str]:
        channels = [each["ChannelName"] for each in self.record.input_data_config or ()]
        about = {"job_name": self.record.training_job_name, "hosts": [HOST], "current_host": HOST}
        return {
            "SM_BASE_DIR": ROOT,
            "SM_MODEL_DIR": f"{ROOT}/model",
            "SM_INPUT_DIR": f"{ROOT}/input",
            "SM_INPUT_CONFIG_DIR": f"{ROOT}/input/config",
            "SM_OUTPUT_DIR": f"{ROOT}/output",
            "SM_OUTPUT_DATA_DIR": f"{ROOT}/output/data",
            "SM_MODULE_DIR": str(self._given.get(contract.SOURCE, "")),
            "SM_MODULE_NAME": str(self._given.get(contract.PROGRAM, "")).removesuffix(".py"),
            "SM_HPS": json.dumps(self._own),
            "SM_USER_ARGS": json.dumps(self._arguments()),
            "SM_HOSTS": json.dumps([HOST]),
            "SM_CURRENT_HOST": HOST,
            "SM_CURRENT_INSTANCE_TYPE": self.record.resource_config["InstanceType"],
            "SM_NUM_GPUS": "0",
            "SM_NUM_NEURONS": "0",
            "SM_RESOURCE_CONFIG": json.dumps(self._resources),
            "SM_INPUT_DATA_CONFIG": json.dumps(self._channels),
            "SM_CHANNELS": json.dumps(channels),
            "SM_TRAINING_ENV": json.dumps(about),
            **{f"SM_CHANNEL_{name.upper()}": f"{ROOT}/input/data/{name}" for name in channels},
            "TRAINING_JOB_NAME": self.record.training_job_name,
            "TRAINING_JOB_ARN": self.record.arn,
            **(self.record.environment or {}),
        }

    @property
    def _given(self) -> dict[str, Any]:
        return contract.hyperparameters({"HyperParameters": self.record.hyper_parameters})

    @property
    def _own(self) -> dict[str, Any]:
        return {name: value for name, value in self._given.items() if not name.startswith("sagemaker_")}

    @property
    def _resources(self) -> dict[str, Any]:
        kind = self.record.resource_config["InstanceType"]
        group = {"instance_group_name": "homogeneousCluster", "instance_type": kind, "hosts": [HOST]}
        return {
            "current_host": HOST, "current_instance_type": kind, "current_group_name": "homogeneousCluster",
            "hosts": [HOST], "instance_groups": [group], "network_interface_name": "lo",
        }  # fmt: skip

    @property
    def _channels(self) -> dict[str, Any]:
        return {
            each["ChannelName"]: {
                "TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None",
            }
            for each in self.record.input_data_config or ()
        }  # fmt: skip

    @property
    def _checkpoints(self) -> str | None:
        return (self.record.checkpoint_config or {}).get("S3Uri")
