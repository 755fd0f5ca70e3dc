"""Where a function's output goes: one file in the state folder, and a stream of its CloudWatch log group."""

import collections
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from slipway_local.functions.worker import FunctionSpec
from slipway_local.metrics.embedded import extract
from slipway_local.permissions.enforcement import enforcement

KEPT_LINES = 2000


class FunctionLog:
    """Takes lines from any number of environments of one function."""

    def __init__(self, path: Path, logs_backend: Any, spec: FunctionSpec) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._backend = logs_backend
        self._group = spec.log_group
        self._stream = f"{time.strftime('%Y/%m/%d')}/[{spec.version}]{uuid.uuid4().hex}"
        self._role = spec.role
        self._arn = f"{':'.join(spec.arn.split(':')[:5])}:log-group:{self._group}:log-stream:{self._stream}"
        self._arn = self._arn.replace(":lambda:", ":logs:", 1)
        _, _, _, self._region, self._account, *_ = spec.arn.split(":")
        self._lock = threading.Lock()
        self._recent: collections.deque[str] = collections.deque(maxlen=KEPT_LINES)
        logs_backend.ensure_log_group(self._group)
        enforcement.role_may(self._role, "logs:CreateLogStream", self._arn)  # a role without it may not put events
        logs_backend.create_log_stream(self._group, self._stream)

    def __call__(self, lines: list[str]) -> None:
        """Append lines in order."""
        if not lines:
            return
        now = int(time.time() * 1000)
        with self._lock:
            self._recent.extend(lines)
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))
            if enforcement.role_may(self._role, "logs:PutLogEvents", self._arn):
                self._backend.put_log_events(
                    self._group, self._stream, [{"timestamp": now, "message": line} for line in lines]
                )
                for line in lines:
                    extract(self._account, self._region, line)

    def tail(self, request_id: str) -> list[str]:
        """Return the lines since an invocation started (LogType Tail of the Invoke API)."""
        with self._lock:
            lines = list(self._recent)
        starts = [number for number, line in enumerate(lines) if line.startswith(f"START RequestId: {request_id}")]
        return lines[starts[-1] :] if starts else []
