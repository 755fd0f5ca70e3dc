"""AWS Lambda's data plane: every invocation runs in a real environment, by moto's record of the function."""

import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from slipway_local.functions.callee import Callee, find_by_arn
from slipway_local.functions.concurrency import Concurrency
from slipway_local.functions.function_log import FunctionLog
from slipway_local.functions.invocation import Invocation, error_payload
from slipway_local.functions.packages import Packages
from slipway_local.functions.pool import FunctionPool
from slipway_local.functions.worker import FunctionSpec
from slipway_local.metrics.invocations import invocation_reported, throttles_reported
from slipway_local.state_folder import private


class Functions:
    """Runs functions. `deliver` sends a JSON text to a destination ARN; `invoke_later` queues an asynchronous event."""

    def __init__(self, *, state: Path, packages: Packages, endpoint_url: str) -> None:
        self.packages = packages
        self.closing = threading.Event()
        self._state = state
        self._logs_folder = private(state / "logs")
        self._endpoint_url = endpoint_url
        self._pools: dict[str, FunctionPool] = {}
        self._logs: dict[str, FunctionLog] = {}
        self._lock = threading.Lock()
        self._concurrency = Concurrency()
        self.invoke_later: Callable[[Callee, bytes], str] = _not_installed
        threading.Thread(target=self._reap, daemon=True).start()

    def invoke(self, callee: Callee, event: bytes, request_id: str = "") -> Invocation:
        """Run an event now and return the finished invocation.

        Raises ServiceError (TooManyRequestsException) if the function's reserved concurrency is in use.
        """
        with throttles_reported(callee), self._concurrency.hold(callee.name, _reserved(callee)):
            pool = self._pool(callee.record)
            with invocation_reported(callee.record) as told:
                told.append(pool.run(pool.invocation(event, request_id=request_id, function_arn=callee.arn)))
            return told[0]

    def invoke_arn(self, arn: str, event: bytes) -> Invocation:
        """Run the function with this ARN now. Raises ServiceError as `invoke` does."""
        return self.invoke(find_by_arn(arn), event)

    def stream(self, callee: Callee, event: bytes) -> Invocation:
        """Start an event and return its invocation, whose `chunks` come as the function makes them.

        Raises ServiceError as `invoke` does.
        """
        with throttles_reported(callee):
            self._concurrency.enter(callee.name, _reserved(callee))
        try:
            pool = self._pool(callee.record)
            invocation = pool.invocation(event, function_arn=callee.arn)
        except BaseException:
            self._concurrency.leave(callee.name)
            raise
        threading.Thread(target=self._run_stream, args=(pool, invocation, callee), daemon=True).start()
        return invocation

    def _run_stream(self, pool: FunctionPool, invocation: Invocation, callee: Callee) -> None:
        try:
            with invocation_reported(callee.record) as told:
                told.append(pool.run(invocation))
        except Exception:
            traceback.print_exc(file=sys.stderr)
            invocation.finish(error_payload("ServiceException", "The environment could not be started"), failed=True)
        finally:
            self._concurrency.leave(callee.name)

    def tail(self, record: Any, request_id: str) -> str:
        """Return the last 4 KB of what an invocation logged."""
        return "\n".join(self._log(self._spec(record), record).tail(request_id))[-4096:]

    def _pool(self, record: Any) -> FunctionPool:
        spec = self._spec(record)
        with self._lock:
            pool = self._pools.get(record.function_arn)
            if pool is None or pool.spec != spec:
                if pool is not None:
                    pool.retire()
                pool = FunctionPool(spec, self._state / "scratch", self._log(spec, record))
                self._pools[record.function_arn] = pool
            return pool

    def _log(self, spec: FunctionSpec, record: Any) -> FunctionLog:
        key = f"{spec.arn} {spec.log_group}"
        if key not in self._logs:
            self._logs[key] = FunctionLog(self._logs_folder / f"{spec.name}.log", record.logs_backend, spec)
        return self._logs[key]

    def _spec(self, record: Any) -> FunctionSpec:
        # The record keeps its code folder until the code changes: hashing a zip at each invocation would cost more
        # than the invocation itself.
        known = getattr(record, "slipway_code", None)
        if known is None or known[0] != record.code_sha_256:
            known = (record.code_sha_256, self.packages.code(record.code_bytes))
            record.slipway_code = known
        return FunctionSpec(
            name=record.function_name,
            arn=record.function_arn,
            version=str(record.version),
            log_group=(record.slipway_settings.get("LoggingConfig") or {}).get("LogGroup")
            or f"/aws/lambda/{record.function_name}",
            role=record.role,
            runtime=str(record.run_time or ""),
            handler=record.handler or "",
            timeout_seconds=int(record.timeout or 3),
            memory_mb=int(record.memory_size or 128),
            code=known[1],
            python_path=(*self._layers(record), str(self.packages.runtime())),
            variables=tuple(sorted((str(k), str(v)) for k, v in (record.environment_vars or {}).items())),
            region=record.region,
            endpoint_url=self._endpoint_url,
        )

    def _layers(self, record: Any) -> tuple[str, ...]:
        from moto.awslambda.utils import get_backend

        backend = get_backend(record.account_id, record.region)
        versions = [backend.layers_versions_by_arn(layer["Arn"]) for layer in record.layers]
        return tuple(version.slipway_folder for version in reversed(versions) if version is not None)

    def _reap(self) -> None:
        while not self.closing.wait(15):
            for pool in list(self._pools.values()):
                pool.reap()

    def forget(self, name: str) -> None:
        """End the environments of a function that was deleted."""
        with self._lock:
            gone = [arn for arn in self._pools if arn.split(":")[6] == name]
            pools = [self._pools.pop(arn) for arn in gone]
        for pool in pools:
            pool.retire()

    def process_ids(self) -> dict[str, list[int]]:
        """Return the process ids of the running environments by function name."""
        return {pool.spec.name: pool.process_ids for pool in list(self._pools.values()) if pool.process_ids}

    def close(self) -> None:
        """End every environment."""
        self.closing.set()
        for pool in list(self._pools.values()):
            pool.close()


def _reserved(callee: Callee) -> int | None:
    reserved = callee.latest.reserved_concurrency
    return None if reserved is None else int(reserved)


def _not_installed(callee: Callee, event: bytes) -> str:
    raise RuntimeError("asynchronous invocation is not installed")
