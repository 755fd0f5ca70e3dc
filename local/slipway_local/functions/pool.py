"""The environments of one function: one per event in progress, kept warm, ended when idle for long.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

import itertools
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from slipway_local.functions.invocation import Invocation, error_payload
from slipway_local.functions.worker import FunctionSpec, Worker

MAX_ENVIRONMENTS = 8
IDLE_SECONDS = 300.0


class FunctionPool:
    """Runs a function's events, MAX_ENVIRONMENTS at once; a caller beyond that waits for a free environment."""

    def __init__(self, spec: FunctionSpec, scratch: Path, log: Callable[[list[str]], None]) -> None:
        self.spec = spec
        self._scratch = scratch
        self.log = log
        self._free = threading.BoundedSemaphore(MAX_ENVIRONMENTS)
        self._lock = threading.Lock()
        self._idle: list[tuple[Worker, float]] = []
        self._busy: set[Worker] = set()
        self._closed = False
        self._number = itertools.count(1)

    def invocation(self, event: bytes, *, request_id: str = "", function_arn: str = "") -> Invocation:
        """Return an event for `run`; the ARN is the one that the caller used, with its qualifier."""
        return Invocation(
            request_id=request_id or str(uuid.uuid4()),
            event=event,
            function_arn=function_arn or self.spec.arn,
            timeout_seconds=float(self.spec.timeout_seconds),
        )

    def run(self, invocation: Invocation) -> Invocation:
        """Run the event in a warm environment or a new one and return the finished invocation."""
        with self._free:
            try:
                worker = self._take()
            except OSError:
                text = "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
                message = f"RequestId: {invocation.request_id} {text}"
                invocation.finish(error_payload("Runtime.InvalidEntrypoint", message), failed=True)
                return invocation
            try:
                return worker.invoke(invocation)
            finally:
                self._give_back(worker)

    def _take(self) -> Worker:
        with self._lock:
            while self._idle:
                worker, _ = self._idle.pop()
                if worker.alive:
                    self._busy.add(worker)
                    return worker
                worker.close()
        worker = Worker(self.spec, self._scratch / f"{self.spec.name}-{next(self._number)}", self.log)
        with self._lock:
            self._busy.add(worker)
        return worker

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
            if worker.alive and not self._closed:
                self._idle.append((worker, time.monotonic()))
                return
        worker.close()

    def reap(self) -> None:
        """End environments that have been idle for longer than IDLE_SECONDS."""
        with self._lock:
            stale = [worker for worker, since in self._idle if time.monotonic() - since > IDLE_SECONDS]
            self._idle = [(worker, since) for worker, since in self._idle if worker not in stale]
        for worker in stale:
            worker.close()

    def retire(self) -> None:
        """End the idle environments now, and those at work when their event is done (the function has changed)."""
        with self._lock:
            self._closed = True
            workers, self._idle = [worker for worker, _ in self._idle], []
        for worker in workers:
            worker.close()

    def close(self) -> None:
        """End every environment now, also those at work."""
        self.retire()
        with self._lock:
            busy = list(self._busy)
        for worker in busy:
            worker.close()

    @property
    def process_ids(self) -> list[int]:
        """Return the process ids of the environments, for status and tests."""
        with self._lock:
            return sorted(w.process_id for w in [*self._busy, *(worker for worker, _ in self._idle)])
