"""What moto's SQS lacks: queues that several threads may use at once, and redrive from a dead-letter queue.

moto rebuilds a queue's list of messages at each delete, so that a message sent in the same moment is lost; every
operation on a queue therefore holds its lock here. It also forgets a queue's policy whenever other attributes are set.
maxReceiveCount is moto's own and works.
"""

import json
import threading
import time
import uuid
from typing import Any

from slipway_local import queue_messages

POLL_SECONDS = 0.1


def install() -> "InFlight":
    """Put the locks around moto's queues and add the message move task operations; return what is to be kept."""
    from moto.sqs import models, responses

    backend, queue = models.SQSBackend, models.Queue
    add, delete = queue.add_message, queue.delete_message

    def add_message(self: Any, message: Any) -> None:
        if not hasattr(message, "slipway_source"):
            message.slipway_source = self.queue_arn
        with self._messages_lock:
            queue_messages.number(self, message)
            add(self, message)

    def delete_message(self: Any, receipt_handle: str) -> None:
        with self._messages_lock:
            delete(self, receipt_handle)

    queue.add_message, queue.delete_message = add_message, delete_message
    _receive_one_by_one(backend)
    _check_names(backend)
    _keep_policies(queue)
    queue_messages.install()
    return InFlight(_add_move_tasks(responses))


def _receive_one_by_one(backend: Any) -> None:
    """Let one caller at a time receive from a queue, or change how long its messages are hidden."""
    receive, change = backend.receive_message, backend.change_message_visibility

    def change_message_visibility(self: Any, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
        with self.get_queue(queue_name)._messages_lock:
            change(self, queue_name, receipt_handle, visibility_timeout)

    def receive_message(
        self: Any, queue_name: str, count: int, wait: int, visibility: int | None, names: list[str] | None = None
    ) -> Any:
        """Without `visibility`, the queue's own counts as it is when a message comes, not when the wait began."""
        source = self.get_queue(queue_name)
        deadline = time.monotonic() + (wait or 0)
        while True:
            with source._messages_lock:
                _free_groups(source)
                hidden_for = int(source.visibility_timeout) if visibility is None else visibility
                messages = receive(self, queue_name, count, 0, hidden_for, names)
                remaining = deadline - time.monotonic()
                if messages or remaining <= 0:
                    return messages
                source._messages_lock.wait(min(POLL_SECONDS, remaining))

    backend.receive_message, backend.change_message_visibility = receive_message, change_message_visibility


def _free_groups(queue: Any) -> None:
    """Let go of messages that are visible again before any is received.

    moto does so one by one while it delivers, and so gives the last message of a failed batch of a group out first.
    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
    """
    queue.pending_messages.difference_update([message for message in queue.pending_messages if message.visible])


def _check_names(backend: Any) -> None:
    """Refuse a standard queue whose name only a FIFO queue may have.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    """
    from moto.sqs.exceptions import InvalidParameterValue

    create = backend.create_queue

    def create_queue(self: Any, name: str, tags: Any = None, **attributes: Any) -> Any:
        if name.endswith(".fifo") and str(attributes.get("FifoQueue")).lower() != "true":
            raise InvalidParameterValue(
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
            )
        return create(self, name, tags, **attributes)

    backend.create_queue = create_queue


def _keep_policies(queue: Any) -> None:
    """Let setting other attributes of a queue leave its policy as it is."""
    set_attributes = queue._set_attributes

    def keep_policy(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        before = self.__dict__.get("_policy_json")
        policy = {"Policy": json.dumps(before)} if before and "Policy" not in attributes else {}
        set_attributes(self, attributes | policy, now)

    queue._set_attributes = keep_policy


class InFlight:
    """Makes the messages that somebody had received visible again: whoever had them ended with the daemon.

    Keeps the message move tasks and lets them go on; the messages are moto's.
    """

    def __init__(self, tasks: "dict[str, MoveTask]") -> None:
        self._tasks = tasks

    def state(self) -> "dict[str, MoveTask]":
        """Return the move tasks."""
        return dict(self._tasks)

    def restore(self, state: "dict[str, MoveTask]") -> None:
        """End every visibility timeout, and go on moving."""
        from moto.sqs.models import sqs_backends

        self._tasks.update(state)
        for task in state.values():
            task.start()
        for _, _, backend in list(sqs_backends.iter_backends()):
            for queue in backend.queues.values():
                for message in queue._messages:
                    message.visible_at = 0.0


def _add_move_tasks(responses: Any) -> "dict[str, MoveTask]":
    from moto.core.responses import ActionResult

    tasks: dict[str, MoveTask] = {}

    def start(self: Any) -> Any:
        task = MoveTask(
            self.sqs_backend,
            self._get_param("SourceArn"),
            self._get_param("DestinationArn"),
            int(self._get_param("MaxNumberOfMessagesPerSecond") or 500),
        )
        tasks[task.handle] = task
        task.start()
        return ActionResult({"TaskHandle": task.handle})

    def list_tasks(self: Any) -> Any:
        source = self._get_param("SourceArn")
        mine = [task for task in reversed(tasks.values()) if task.source_arn == source]
        return ActionResult({"Results": [task.describe() for task in mine[: int(self._get_param("MaxResults") or 1)]]})

    def cancel(self: Any) -> Any:
        task = tasks[self._get_param("TaskHandle")]
        task.cancelled.set()
        return ActionResult({"ApproximateNumberOfMessagesMoved": task.moved})

    responses.SQSResponse.start_message_move_task = start
    responses.SQSResponse.list_message_move_tasks = list_tasks
    responses.SQSResponse.cancel_message_move_task = cancel
    return tasks


class MoveTask:
    """Moves a dead-letter queue's messages back to where they came from, or to `destination_arn`.

    Moved messages are new messages: new id, new time, receive count from zero.
    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
    """

    def __init__(self, backend: Any, source_arn: str, destination_arn: str | None, per_second: int) -> None:
        self.handle = str(uuid.uuid4())
        self.source_arn = source_arn
        self.moved = 0
        self.cancelled = threading.Event()
        self._backend = backend
        self._destination_arn = destination_arn
        self._pause = 1.0 / per_second
        self._queue = backend.get_queue(source_arn.rsplit(":", 1)[-1])
        self._status = "RUNNING"
        self._started = int(time.time() * 1000)
        self._to_move = len(self._queue.messages)
        self._message: Any = None  # in neither queue

    def start(self) -> None:
        """Move, unless all is done; after a restart a message that was being moved is sent, perhaps again."""
        if self._status == "RUNNING":
            threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while self._message or self.moved < self._to_move:
            if self.cancelled.wait(self._pause if self.moved else 0) and not self._message:
                self._status = "CANCELLED"
                return
            with self._queue._messages_lock:
                self._message = self._message or next((m for m in self._queue.messages if self._destination(m)), None)
                if self._message is None:
                    break
                if self._message in self._queue._messages:
                    self._queue._messages.remove(self._message)
            self._backend.send_message(
                self._destination(self._message),
                self._message.body,
                message_attributes=self._message.message_attributes,
                deduplication_id=self._message.deduplication_id,
                group_id=self._message.group_id,
            )
            self._message = None
            self.moved += 1
        self._status = "COMPLETED"

    def _destination(self, message: Any) -> str | None:
        """Return the name of the queue to move to; a message sent straight to the dead-letter queue has none."""
        arn = self._destination_arn or getattr(message, "slipway_source", None)
        return arn.rsplit(":", 1)[-1] if arn and arn != self.source_arn else None

    def describe(self) -> dict[str, Any]:
        """Return the task as ListMessageMoveTasks shows it."""
        shown = {
            "TaskHandle": self.handle if self._status == "RUNNING" else None,
            "Status": self._status,
            "SourceArn": self.source_arn,
            "DestinationArn": self._destination_arn,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self._to_move,
            "StartedTimestamp": self._started,
        }
        return {key: value for key, value in shown.items() if value is not None}
