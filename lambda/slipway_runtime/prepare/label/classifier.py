"""The class of a document by a custom classifier of Amazon Comprehend behind an endpoint.

Source: Amazon Comprehend API reference, ClassifyDocument; developer guide, "Guidelines and quotas" (10 KB of UTF-8 for
a text that is classified at once).
"""

from dataclasses import dataclass, field
from typing import Any

from slipway_runtime.operate.retry import Backoff, Deadline, error_code
from slipway_runtime.prepare.label.entities import TRANSIENT
from slipway_runtime.prepare.label.record import ClassLabel

MAX_BYTES = 10_000


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """Asks the endpoint `endpoint_arn` by the boto3 client `client` of Comprehend."""

    client: Any
    endpoint_arn: str
    backoff: Backoff = field(default_factory=Backoff)

    def classes(self, text: str, deadline: Deadline) -> list[ClassLabel]:
        """Return the likeliest class of a text, or every label of a classifier with several; of a long text its
        beginning decides.

        Raises: the errors of Comprehend.
        """
        beginning = text.encode()[:MAX_BYTES].decode("utf-8", "ignore")
        answer = self.backoff.call(
            lambda: self.client.classify_document(Text=beginning, EndpointArn=self.endpoint_arn),
            retry_on=lambda error: error_code(error) in TRANSIENT,
            deadline=deadline,
        )
        best = sorted(answer.get("Classes", []), key=lambda each: -each["Score"])[:1]
        return [
            ClassLabel(name=each["Name"], by=self.endpoint_arn, score=round(each["Score"], 4))
            for each in best or answer.get("Labels", [])
        ]
