"""How a state fails, and how running flows are told to end."""

from typing import Any

RUNTIME = "States.Runtime"
TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
TASK_FAILED = "States.TaskFailed"
DATA_LIMIT = "States.DataLimitExceeded"


class StatesError(Exception):
    """An error by name and cause; Retry and Catch match its name.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """

    def __init__(self, name: str, cause: str = "") -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause

    def output(self) -> dict[str, Any]:
        """Return the error output that a catcher gets."""
        return {"Error": self.name, "Cause": self.cause}

    def matches(self, patterns: list[str]) -> bool:
        """Return whether a retrier or catcher with these `ErrorEquals` is meant.

        States.Runtime is never handled, States.DataLimitExceeded only by its name.
        """
        if self.name == RUNTIME:
            return False
        if self.name in patterns or (self.name == HEARTBEAT_TIMEOUT and TIMEOUT in patterns):
            return True
        if self.name == DATA_LIMIT:
            return False
        return "States.ALL" in patterns or (TASK_FAILED in patterns and self.name not in (TIMEOUT, HEARTBEAT_TIMEOUT))


class HaltedError(Exception):
    """The flow was told to end: its execution stopped or timed out, or a sibling failed."""


def runtime_error(cause: str) -> StatesError:
    """Return the error that no state can handle."""
    return StatesError(RUNTIME, cause)
