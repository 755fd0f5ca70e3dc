"""What a job's output becomes: a log stream in CloudWatch, and metrics by the job's own expressions.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/define-train-metrics.html
"""

import re
import time
from typing import Any

from slipway_local.aws import Place

NAMESPACE = "/aws/sagemaker/TrainingJobs"


class Told:
    """Takes the lines of one job; `last` holds the newest value of each metric by name."""

    def __init__(self, place: Place, group: str, job: str, definitions: list[dict[str, str]] | None = None) -> None:
        self._place, self._group, self._job = place, group, job
        self._stream = f"{job}/algo-1-{int(time.time())}"
        self._patterns = [(each["Name"], re.compile(each["Regex"])) for each in definitions or ()]
        self.last: dict[str, tuple[float, float]] = {}
        self._open()

    def _open(self) -> None:
        logs = self._logs
        if self._group not in logs.groups:
            logs.create_log_group(self._group, {})
        if self._stream not in logs.groups[self._group].streams:
            logs.create_log_stream(self._group, self._stream)

    @property
    def _logs(self) -> Any:
        from moto.logs.models import logs_backends

        return logs_backends[self._place.account][self._place.region]

    def line(self, text: str) -> None:
        """Write a line into the log, and what it says into the metrics."""
        if not text:
            return
        now = time.time()
        self._logs.put_log_events(self._group, self._stream, [{"timestamp": round(now * 1000), "message": text}])
        found = []
        for name, pattern in self._patterns:
            if match := pattern.search(text):
                self.last[name] = (float(match[1]), now)
                found.append(
                    {"MetricName": name, "Value": float(match[1]), "Timestamp": now, "Dimensions": self._about}
                )
        if found:
            self._place.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=found)

    @property
    def _about(self) -> list[dict[str, str]]:
        return [{"Name": "TrainingJobName", "Value": self._job}]

    def final(self) -> list[dict[str, Any]]:
        """Return the newest values as DescribeTrainingJob shows them."""
        return [{"MetricName": name, "Value": value, "Timestamp": at} for name, (value, at) in self.last.items()]
