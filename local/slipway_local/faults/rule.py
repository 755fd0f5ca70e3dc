"""What a fault is, and whether AWS could answer so: names and error codes are checked against botocore's models."""

import difflib
import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slipway_local.faults.common import common_errors
from slipway_local.operations import signed_with

LATENCY_SECONDS_AT_MOST = 900.0


class FaultError(ValueError):
    """A fault that makes no sense; the message names what is wrong and what there is instead."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to a share of the calls of an operation, or of those that a pattern with * matches.

    Units: `rate` is a share from 0 (exclusive) to 1, `latency_seconds` comes before the call or before its answer,
    `times` counts calls that were hit, None is without end. `after`: the call is done and only its answer is lost.
    """

    id: str
    service: str
    operation: str
    error: str | None = None
    rate: float = 1.0
    latency_seconds: float = 0.0
    times: int | None = None
    after: bool = False
    seed: int | None = None


def parse(fault_id: str, given: Mapping[str, Any]) -> Fault:
    """Return the fault that a request describes. Raises: FaultError."""
    service, _, operation = str(given.get("operation", "")).partition(".")
    fault = Fault(
        id=fault_id,
        service=service,
        operation=operation,
        error=given.get("error"),
        rate=float(given.get("rate", 1.0)),
        latency_seconds=float(given.get("latency_seconds", 0.0)),
        times=given.get("times"),
        after=bool(given.get("after", False)),
        seed=given.get("seed"),
    )
    _check_numbers(fault)
    _check_names(fault)
    return fault


def _check_numbers(fault: Fault) -> None:
    if not 0 < fault.rate <= 1:
        raise FaultError(f"rate {fault.rate:g} is no share: it is more than 0 and at most 1")
    if not 0 <= fault.latency_seconds <= LATENCY_SECONDS_AT_MOST:
        raise FaultError(f"latency {fault.latency_seconds:g} s is not between 0 and {LATENCY_SECONDS_AT_MOST:g} s")
    if fault.times is not None and fault.times < 1:
        raise FaultError(f"times {fault.times} is less than 1")
    if fault.error is None and not fault.latency_seconds:
        raise FaultError("a fault needs an error, a latency or both")
    if fault.error is None and fault.after:
        raise FaultError("a fault after the call needs an error: what else would be lost?")


def _check_names(fault: Fault) -> None:
    from moto.core.utils import get_service_model

    services = {name for names in signed_with().values() for name in names}
    if fault.service not in services:
        raise FaultError(f"unknown service {fault.service!r}{_close(fault.service, services)}; write SERVICE.OPERATION")
    model = get_service_model(fault.service)
    matched = [name for name in model.operation_names if fnmatch.fnmatchcase(name, fault.operation)]
    if not matched:
        close = _close(fault.operation, model.operation_names)
        raise FaultError(f"{fault.service} has no operation {fault.operation!r}{close}")
    if fault.error is None:
        return
    operations = [model.operation_model(name) for name in matched]
    declared = {shape.error_code for one in operations for shape in one.error_shapes}
    allowed = declared | {shape.name for one in operations for shape in one.error_shapes}
    allowed |= set(common_errors(fault.service, model.protocol))
    if fault.error not in allowed:
        known = ", ".join(sorted(declared)) or "none of its own"
        raise FaultError(
            f"{fault.service}.{fault.operation} never answers {fault.error!r}{_close(fault.error, allowed)}; "
            f"its model declares: {known}"
        )


def _close(name: str, known: Iterable[str]) -> str:
    by_fold = {one.lower().replace("-", ""): one for one in known}
    folded = name.lower().replace("-", "")
    close = [by_fold[match] for match in difflib.get_close_matches(folded, by_fold, n=3, cutoff=0.6)]
    return f" (did you mean {', '.join(close)}?)" if close else ""
