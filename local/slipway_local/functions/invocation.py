"""One event on its way through an execution environment, and the errors that Lambda itself reports for it."""

import json
import queue
import threading
from dataclasses import dataclass, field

RESPONSE_LIMIT_BYTES = 6_291_556  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html


@dataclass(kw_only=True)
class Invocation:
    """One event; `finished` is set when `payload` holds the result or the error.

    `chunks` gets what the function streams as it comes, or its whole result, and None at the end. What a function
    that fails had streamed before stays streamed.
    """

    request_id: str
    event: bytes
    function_arn: str
    timeout_seconds: float
    deadline_ms: int = 0
    payload: bytes = b"null"
    failed: bool = False
    taken: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)
    chunks: "queue.SimpleQueue[bytes | None]" = field(default_factory=queue.SimpleQueue)
    _streamed: list[bytes] = field(default_factory=list)

    def stream(self, chunk: bytes) -> None:
        """Hand on a part of the result."""
        self._streamed.append(chunk)
        self.chunks.put(chunk)

    def end_stream(self) -> None:
        """Record that all was streamed."""
        self.finish(b"".join(self._streamed), failed=False)

    def finish(self, payload: bytes, *, failed: bool) -> None:
        """Record the first outcome; later ones (a crash after the response) change nothing."""
        if not self.finished.is_set():
            self.payload, self.failed = payload, failed
            if not failed and not self._streamed:
                self.chunks.put(payload)
            self.chunks.put(None)
            self.taken.set()
            self.finished.set()

    def error(self) -> tuple[str, str]:
        """Return type and message of a failed invocation."""
        try:
            known = json.loads(self.payload)
            return str(known.get("errorType", "Unknown")), str(known.get("errorMessage", ""))
        except (ValueError, AttributeError):
            return "Unknown", self.payload.decode("utf-8", "replace")


def error_payload(error_type: str, message: str) -> bytes:
    """Return the JSON body that Lambda answers when a function failed."""
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def too_large() -> bytes:
    """Return the error of a function whose result exceeds RESPONSE_LIMIT_BYTES."""
    message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes)."
    return error_payload("Function.ResponseSizeTooLarge", message)
