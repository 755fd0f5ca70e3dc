"""One processing job: inputs from S3, the container's command, outputs to S3.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
"""

import json
import time
from pathlib import Path

from slipway_local.training.container import Container
from slipway_local.training.job import REASON_CHARACTERS, Job, JobFailedError
from slipway_local.training.told import Told

GROUP = "/aws/sagemaker/ProcessingJobs"
DEFAULT_SECONDS = 86_400


class ProcessingJob(Job):
    """Runs one processing job of moto's."""

    late = False

    def finish(self) -> None:
        """Run the command between its inputs and its outputs."""
        self.fresh()
        told = Told(self.place, GROUP, self.record.processing_job_name)
        uploads: dict[str, dict[str, tuple[int, int]]] = {}
        outputs = [each["S3Output"] for each in (self.record.processing_output_config or {}).get("Outputs", ())]
        for each in self.record.processing_inputs or ():
            given = each["S3Input"]
            self.objects.download(given["S3Uri"], Path(self.here(given["LocalPath"])))
        for each in outputs:
            Path(self.here(each["LocalPath"])).mkdir(parents=True, exist_ok=True)

        def upload(*, end: bool) -> None:
            for each in outputs:
                if end or each["S3UploadMode"] == "Continuous":
                    seen = uploads.setdefault(each["LocalPath"], {})
                    self.objects.upload(Path(self.here(each["LocalPath"])), each["S3Uri"], seen)

        self.container = Container(told.line, lambda: upload(end=False))
        if self.stopping:
            return
        self.record.processing_start_time = time.time()
        seconds = (self.record.stopping_condition or {}).get("MaxRuntimeInSeconds", DEFAULT_SECONDS)
        words = self._words()
        env = self.environment(self._variables(), self._code(words))
        code, self.late = self.container.run(self.command(words), env, self.folder, seconds)
        upload(end=True)
        message = self.folder / "output" / "message"
        self.record.exit_message = (
            message.read_text(encoding="utf-8")[:REASON_CHARACTERS] if message.is_file() else None
        )
        if code and not self.stopping:
            raise JobFailedError(
                self.record.exit_message or f"AlgorithmError: See job logs for more information, exit code: {code}"
            )

    def _words(self) -> list[str]:
        asked = self.record.app_specification
        return [*asked["ContainerEntrypoint"], *asked.get("ContainerArguments", ())]

    def _code(self, words: list[str]) -> Path:
        """Return the folder of the script that the command names, the job's folder if it names none."""
        named = [Path(self.here(word)) for word in words if word.endswith(".py")]
        return named[0].parent if named else self.folder

    def _variables(self) -> dict[str, str]:
        config = self.folder / "config"
        config.mkdir(exist_ok=True)
        asked = {"ProcessingJobArn": self.record.arn, "ProcessingJobName": self.record.processing_job_name}
        (config / "processingjobconfig.json").write_text(json.dumps(asked), encoding="utf-8")
        return {
            "PROCESSING_JOB_NAME": self.record.processing_job_name,
            "PROCESSING_JOB_ARN": self.record.arn,
            "SM_BASE_DIR": "/opt/ml",
            **(self.record.environment or {}),
        }
