"""Work that goes on after its request was answered, as SageMaker's does."""

import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

STATUSES = ("EndpointStatus", "InferenceComponentStatus")


class Background:
    """Runs work in threads. `changes` counts what has ended; nothing is said once it is closing."""

    def __init__(self) -> None:
        self.changes = 0
        self._closing = threading.Event()

    def _later(self, work: Callable[[], None], record: dict[str, Any] | None = None) -> None:
        """Work in the background; what goes wrong is the record's FailureReason, and in the log."""

        def run() -> None:
            try:
                work()
            except Exception as error:
                if not self._closing.is_set():
                    traceback.print_exc(file=sys.stderr)
                    for status in STATUSES:
                        if record and status in record:
                            record.update({status: "Failed", "FailureReason": f"{type(error).__name__}: {error}"})
            self.changes += 1

        threading.Thread(target=run, daemon=True).start()
