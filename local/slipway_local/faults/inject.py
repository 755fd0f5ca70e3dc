"""The layer around every service that makes the wanted share of calls slow or fail."""

import fnmatch
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from slipway_local.aws import OWN_CALLS
from slipway_local.faults.answer import InjectedError, answer
from slipway_local.faults.rule import Fault, FaultError, parse
from slipway_local.operations import form_of, operation_of, prepare

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Faults:
    """The faults in force, in the order in which they were added. Safe to call from any thread.

    The local cloud's own calls, a deployment's for example, are spared.
    """

    def __init__(self) -> None:
        self._active: dict[str, _Active] = {}
        self._count = 0
        self._lock = threading.Lock()

    def add(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take a fault into force and return it with its id. Raises: FaultError for one that AWS could not have."""
        with self._lock:
            fault = parse(f"f{self._count + 1}", given)
            prepare(fault.service)
            self._count += 1
            active = self._active[fault.id] = _Active(fault)
        return active.describe()

    def list(self) -> list[dict[str, Any]]:
        """Return every fault in force, with the number of calls it looked at and hit."""
        return [active.describe() for active in list(self._active.values())]

    def clear(self, fault_id: str | None = None) -> int:
        """End one fault, or all; return how many. Raises: FaultError for an unknown id."""
        with self._lock:
            if fault_id is None:
                count = len(self._active)
                self._active.clear()
                return count
            if fault_id not in self._active:
                known = ", ".join(self._active) or "none"
                raise FaultError(f"there is no fault {fault_id!r}; in force: {known}")
            del self._active[fault_id]
            return 1

    def __call__(self, environ: dict[str, Any], start_response: Any, service: Application) -> Iterable[bytes]:
        """Serve one request by `service`, unless a fault has it otherwise."""
        if not self._active or OWN_CALLS in environ.get("HTTP_USER_AGENT", ""):
            return service(environ, start_response)
        asked = operation_of(environ, form_of(environ))
        if asked is None:
            return service(environ, start_response)
        hits = [active.fault for active in list(self._active.values()) if active.hit(asked.service, asked.model.name)]
        failing = next((fault for fault in hits if fault.error), None)
        time.sleep(sum(fault.latency_seconds for fault in hits))
        if failing is None:
            return service(environ, start_response)
        if failing.after:
            _carry_out(service, environ)
        else:
            _read_through(environ)
        message = f"Fault {failing.id} of the local cloud ({'after' if failing.after else 'instead of'} the call)"
        return answer(environ, start_response, asked, InjectedError(str(failing.error), message))


class _Active:
    """A fault, its own chance and its counts."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._random = random.Random(fault.seed)  # noqa: S311 - chance, not secrecy
        self._lock = threading.Lock()
        self._seen = self._hit = 0

    def hit(self, service: str, operation: str) -> bool:
        fault = self.fault
        if service != fault.service or not fnmatch.fnmatchcase(operation, fault.operation):
            return False
        with self._lock:
            self._seen += 1
            spent = fault.times is not None and self._hit >= fault.times
            chosen = not spent and self._random.random() < fault.rate
            self._hit += chosen
            return chosen

    def describe(self) -> dict[str, Any]:
        return {**asdict(self.fault), "seen": self._seen, "hit": self._hit}


def _carry_out(service: Application, environ: dict[str, Any]) -> None:
    """Let the call be done to its end, and lose its answer."""
    answered = service(environ, lambda status, headers, exc_info=None: lambda data: None)
    try:
        for _ in answered:
            pass
    finally:
        if hasattr(answered, "close"):
            answered.close()


def _read_through(environ: dict[str, Any]) -> None:
    """Read the request to its end: a client that is still writing would see a broken pipe instead of the answer."""
    ended = environ.get("wsgi.input_terminated", False)
    environ["wsgi.input"].read(*(() if ended else (int(environ.get("CONTENT_LENGTH") or 0),)))
