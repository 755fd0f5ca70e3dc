"""What moto's SQS lacks of messages: which texts they take, the order of their numbers, and which queue they came from.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""

import re
import time
from typing import Any

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CHARACTERS = "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
KINDS = "Dead-letter queue must be same type of queue as the source."
SOURCE = "DeadLetterQueueSourceArn"


def install() -> None:
    """Put this behind moto's queues."""
    from moto.sqs import models, responses
    from moto.sqs.exceptions import MissingParameter, SQSException

    validate, dead_letters = models.SQSBackend._validate_message, models.Queue._setup_dlq

    def validate_message(self: Any, queue: Any, message_body: str, *arguments: Any, **named: Any) -> None:
        if not message_body:
            raise MissingParameter("MessageBody")
        if FORBIDDEN.search(message_body):
            text = f"Invalid characters found. Valid unicode characters are {CHARACTERS}"
            raise SQSException("InvalidMessageContents", text)
        validate(self, queue, message_body, *arguments, **named)

    def setup_dlq(self: Any, policy: Any) -> None:
        before = getattr(self, "redrive_policy", None), getattr(self, "dead_letter_queue", None)
        dead_letters(self, policy)
        target = self.dead_letter_queue
        if target is not None and target.fifo_queue and not self.fifo_queue:
            self.redrive_policy, self.dead_letter_queue = before
            text = f"Value {policy} for parameter RedrivePolicy is invalid. Reason: {KINDS}"
            raise SQSException("InvalidParameterValue", text)

    models.SQSBackend._validate_message, models.Queue._setup_dlq = validate_message, setup_dlq
    responses.SQSResponse.receive_message = _with_sources(responses.SQSResponse.receive_message)


def number(queue: Any, message: Any) -> None:
    """Give a message of a FIFO queue its number, 20 digits, larger than that of the one before."""
    if queue.fifo_queue:
        queue.slipway_number = max(getattr(queue, "slipway_number", 0) + 1, time.time_ns())
        message.sequence_number = f"{queue.slipway_number:020}"


def _with_sources(receive: Any) -> Any:
    """Return ReceiveMessage with the attribute DeadLetterQueueSourceArn."""

    def receive_message(self: Any) -> Any:
        answer = receive(self)
        names = {*self._get_param("AttributeNames", []), *self._get_param("MessageSystemAttributeNames", [])}
        if not names & {"All", SOURCE}:
            return answer
        queue = self.sqs_backend.get_queue(self._get_queue_name())
        sources = {one.id: getattr(one, "slipway_source", queue.queue_arn) for one in list(queue._messages)}
        for message in answer.result.get("Messages", ()):
            source = sources.get(message["MessageId"], queue.queue_arn)
            if source != queue.queue_arn:
                message.setdefault("Attributes", {})[SOURCE] = source
        return answer

    return receive_message
