"""AWS Lambda's data plane: every invocation that moto would answer from a container runs in a real environment here.

The seam is moto's `LambdaFunction`: its records (code, layers, variables, versions, aliases) stay moto's; `invoke` is
ours. moto is pinned exactly because that seam is private.
"""

import base64
import json
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from slipway_local.functions.function_log import FunctionLog
from slipway_local.functions.packages import Packages
from slipway_local.functions.pool import MAX_ENVIRONMENTS, FunctionPool
from slipway_local.functions.runtime_api import Invocation
from slipway_local.functions.worker import FunctionSpec
from slipway_local.permissions.enforcement import DELIVERY_ACTIONS, enforcement

RETRY_SECONDS = (1.0, 2.0)  # Lambda waits one minute, then two; nobody wants to wait that long at a laptop
KEPT_SETTINGS = ("LoggingConfig", "DeadLetterConfig")  # moto drops them


class Functions:
    """Runs functions by moto's record of them. `deliver` sends a failed asynchronous event to its destination ARN."""

    def __init__(self, *, state: Path, packages: Packages, endpoint_url: str) -> None:
        self._state = state
        self._packages = packages
        self._endpoint_url = endpoint_url
        self._pools: dict[str, FunctionPool] = {}
        self._lock = threading.Lock()
        self._asynchronous = ThreadPoolExecutor(16, thread_name_prefix="async-invoke")
        self._closing = threading.Event()
        self.deliver: Callable[[str, dict[str, Any]], None] = lambda arn, record: None
        threading.Thread(target=self._reap, daemon=True).start()

    def install(self) -> None:
        """Put this service behind moto's Lambda records."""
        from moto.awslambda.models import LambdaBackend, LambdaFunction

        service = self

        def invoke(function: Any, body: Any, request_headers: Any, response_headers: Any) -> bytes:
            return service.answer(function, _event_bytes(body), request_headers, response_headers)

        def invoke_lambda(function: Any, event: Any = None) -> tuple[str, bool, str]:
            done = service.invoke(function, _event_bytes(event))
            return done.payload.decode(), done.failed, ""

        create, update = LambdaFunction.__init__, LambdaFunction.update_configuration
        publish = LambdaBackend.publish_layer_version

        def initialise(function: Any, account_id: str, spec: Any, region: str, version: Any = 1) -> None:
            create(function, account_id, spec, region, version)
            function.slipway_settings = {name: spec[name] for name in KEPT_SETTINGS if name in spec}

        def update_configuration(function: Any, changes: Any) -> Any:
            kept = {name: changes[name] for name in KEPT_SETTINGS if name in changes}
            function.slipway_settings = {**function.slipway_settings, **kept}
            return update(function, changes)

        def publish_layer_version(backend: Any, spec: Any) -> Any:
            layer = publish(backend, spec)
            layer.slipway_folder = str(service._packages.layer(layer.code_bytes))
            layer.code_bytes = b""  # tens of megabytes that nothing reads again
            return layer

        LambdaFunction.__init__, LambdaFunction.update_configuration = initialise, update_configuration
        LambdaFunction.invoke = invoke
        LambdaFunction._invoke_lambda = invoke_lambda
        LambdaBackend.publish_layer_version = publish_layer_version

    def answer(self, function: Any, event: bytes, request: Any, response: dict[str, str]) -> bytes:
        """Answer the Invoke API: run now, run later (InvocationType Event) or only check (DryRun)."""
        kind = (request or {}).get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "DryRun":
            return b""
        if kind == "Event":
            self.invoke_later(function, event)
            return b""
        done = self.invoke(function, event)
        if done.failed:
            response["x-amz-function-error"] = "Unhandled"
        tail = "\n".join(self._pool(function).log.tail(done.request_id))[-4096:]
        response["x-amz-log-result"] = base64.b64encode(tail.encode()).decode()
        response["x-amz-executed-version"] = str(function.version)
        return done.payload

    def invoke(self, function: Any, event: bytes) -> Invocation:
        """Run a function now and return the finished invocation."""
        return self._pool(function).invoke(event)

    def by_arn(self, arn: str) -> Any:
        """Return moto's record of the function with this ARN, qualifier included."""
        from moto.awslambda.utils import get_backend

        parts = arn.split(":")
        return get_backend(parts[4], parts[3]).get_function(arn)

    def invoke_arn(self, arn: str, event: bytes) -> Invocation:
        """Run the function with this ARN now."""
        return self.invoke(self.by_arn(arn), event)

    def invoke_later(self, function: Any, event: bytes) -> None:
        """Queue an asynchronous event: two retries by default, then the on-failure destination or dead-letter queue.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
        """
        self._asynchronous.submit(self._run_asynchronous, function, event)

    def _run_asynchronous(self, function: Any, event: bytes) -> None:
        config = function.event_invoke_config[0].config if function.event_invoke_config else {}
        attempts = 1 + int(config.get("MaximumRetryAttempts", 2))
        try:
            for attempt in range(attempts):
                if attempt and self._closing.wait(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS)) - 1]):
                    return
                done = self.invoke(function, event)
                if not done.failed:
                    break
            side = "OnFailure" if done.failed else "OnSuccess"
            destination = (config.get("DestinationConfig") or {}).get(side, {}).get("Destination")
            dead_letters = (function.slipway_settings.get("DeadLetterConfig") or {}).get("TargetArn")
            if destination:
                self._send(function, destination, _destination_record(function, event, done, attempt + 1))
            elif done.failed and dead_letters:
                self._send(function, dead_letters, json.loads(event))
        except Exception:
            traceback.print_exc(file=sys.stderr)

    def _send(self, function: Any, arn: str, record: dict[str, Any]) -> None:
        """Deliver with the permissions of the function's role."""
        if enforcement.role_may(function.role, DELIVERY_ACTIONS[arn.split(":")[2]], arn):
            self.deliver(arn, record)

    def _pool(self, function: Any) -> FunctionPool:
        spec = self._spec(function)
        with self._lock:
            pool = self._pools.get(function.function_arn)
            if pool is None or pool.spec != spec:
                if pool is not None:
                    pool.retire()
                log = FunctionLog(self._state / "logs" / f"{spec.name}.log", function.logs_backend, spec)
                reserved = function.reserved_concurrency
                limit = min(MAX_ENVIRONMENTS, int(reserved)) if reserved is not None else MAX_ENVIRONMENTS
                pool = FunctionPool(spec, self._state / "scratch", log, limit=limit)
                self._pools[function.function_arn] = pool
            return pool

    def _spec(self, function: Any) -> FunctionSpec:
        # The record keeps its code folder until the code changes: hashing a zip at each invocation would cost more
        # than the invocation itself.
        known = getattr(function, "slipway_code", None)
        if known is None or known[0] != function.code_sha_256:
            known = (function.code_sha_256, self._packages.code(function.code_bytes))
            function.slipway_code = known
        return FunctionSpec(
            name=function.function_name,
            arn=function.function_arn,
            version=str(function.version),
            log_group=(function.slipway_settings.get("LoggingConfig") or {}).get("LogGroup")
            or f"/aws/lambda/{function.function_name}",
            handler=function.handler,
            timeout_seconds=int(function.timeout or 3),
            memory_mb=int(function.memory_size or 128),
            code=known[1],
            python_path=(*self._layers(function), str(self._packages.runtime())),
            variables=tuple(sorted((str(k), str(v)) for k, v in (function.environment_vars or {}).items())),
            region=function.region,
            endpoint_url=self._endpoint_url,
            role=function.role,
        )

    def _layers(self, function: Any) -> tuple[str, ...]:
        from moto.awslambda.utils import get_backend

        backend = get_backend(function.account_id, function.region)
        versions = [backend.layers_versions_by_arn(layer["Arn"]) for layer in function.layers]
        return tuple(version.slipway_folder for version in reversed(versions) if version is not None)

    def _reap(self) -> None:
        while not self._closing.wait(15):
            for pool in list(self._pools.values()):
                pool.reap()

    def process_ids(self) -> dict[str, list[int]]:
        """Return the process ids of the running environments by function name."""
        return {pool.spec.name: pool.process_ids for pool in list(self._pools.values()) if pool.process_ids}

    def close(self) -> None:
        """End every environment."""
        self._closing.set()
        self._asynchronous.shutdown(wait=False, cancel_futures=True)
        for pool in list(self._pools.values()):
            pool.close()


def _event_bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body or b"{}"
    return (body or "{}").encode() if isinstance(body, str | None) else json.dumps(body).encode()


def _destination_record(function: Any, event: bytes, done: Invocation, attempts: int) -> dict[str, Any]:
    """Return the record that Lambda sends to a destination.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    condition = "RetriesExhausted" if done.failed else "Success"
    return {
        "version": "1.0",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "requestContext": {
            "requestId": done.request_id,
            "functionArn": f"{function.function_arn}:{function.version}",
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(event),
        "responseContext": {"statusCode": 200, "executedVersion": str(function.version)}
        | ({"functionError": "Unhandled"} if done.failed else {}),
        "responsePayload": json.loads(done.payload or b"null"),
    }
