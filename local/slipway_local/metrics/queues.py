"""What queues hold, reported to CloudWatch every few seconds; AWS does so each minute, for queues in use only.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

import sys
import threading
import time
import traceback

from slipway_local.aws import Place
from slipway_local.metrics.series import report

SAMPLE_SECONDS = 5.0


class QueueMetrics:
    """Samples every queue."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._closing = threading.Event()

    def begin(self) -> None:
        """Sample from now on."""
        threading.Thread(target=self._run, name="queue metrics", daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._closing.set()

    def _run(self) -> None:
        while not self._closing.wait(SAMPLE_SECONDS):
            try:
                self.sample(time.time())
            except Exception:
                traceback.print_exc(file=sys.stderr)

    def sample(self, now: float) -> None:
        """Report each queue as of a time in seconds since 1970, if there are any."""
        if "moto.sqs.models" not in sys.modules:
            return
        from moto.sqs.models import sqs_backends

        for queue in list(sqs_backends[self._place.account][self._place.region].queues.values()):
            sent = [message.sent_timestamp / 1000 for message in list(queue._messages)]
            values = {
                "ApproximateNumberOfMessagesVisible": float(queue.approximate_number_of_messages),
                "ApproximateAgeOfOldestMessage": max((now - at for at in sent), default=0.0),
            }
            report(self._place.account, self._place.region, "AWS/SQS", {"QueueName": queue.name}, values)
