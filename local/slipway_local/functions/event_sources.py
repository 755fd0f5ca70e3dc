"""Event source mappings: one poller for each, in place of moto's, which send one record a time and never fail.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
"""

import threading
from collections.abc import Iterator
from typing import Any, Protocol

from slipway_local.aws_json import ServiceError
from slipway_local.event_patterns import fault_of
from slipway_local.functions.callee import find
from slipway_local.functions.queue_poller import QueuePoller
from slipway_local.functions.service import Functions
from slipway_local.functions.stream_poller import StreamPoller
from slipway_local.permissions.polling import denied
from slipway_local.targets import Targets, service_of


class Poller(Protocol):
    """Reads a source for one mapping until it is told to stop."""

    stopped: threading.Event


def install(functions: Functions, targets: Targets) -> "Pollers":
    """Start a poller with each mapping that is created, and end it with the mapping."""
    from moto.awslambda.models import LambdaBackend

    pollers = Pollers(functions, targets)
    create, delete = LambdaBackend.create_event_source_mapping, LambdaBackend.delete_event_source_mapping
    update = LambdaBackend.update_event_source_mapping

    def create_event_source_mapping(backend: Any, spec: Any) -> Any:
        _check(spec, spec.get("EventSourceArn", ""))
        function = find(backend, spec["FunctionName"]).record
        _check_role(function.role, spec["EventSourceArn"])
        _check_visibility(function, spec["EventSourceArn"])
        mapping = create(backend, spec)
        # moto forgets the alias
        mapping.function_arn = find(backend, spec["FunctionName"]).arn
        pollers.start(mapping)
        return mapping

    def update_event_source_mapping(backend: Any, uuid: str, spec: Any) -> Any:
        known = backend.get_event_source_mapping(uuid)
        _check(spec, known.event_source_arn if known else "", known)
        mapping = update(backend, uuid, spec)
        if mapping is not None and "FunctionName" in spec:
            mapping.function_arn = find(backend, spec["FunctionName"]).arn
        return mapping

    def delete_event_source_mapping(backend: Any, uuid: str) -> Any:
        pollers.stop(uuid)
        return delete(backend, uuid)

    LambdaBackend.create_event_source_mapping = create_event_source_mapping
    LambdaBackend.update_event_source_mapping = update_event_source_mapping
    LambdaBackend.delete_event_source_mapping = delete_event_source_mapping
    return pollers


def _check(spec: dict[str, Any], source: str, known: Any = None) -> None:
    """Refuse what Lambda refuses, and what is not emulated."""
    from moto.awslambda.exceptions import InvalidParameterValueException

    for text in _faults(spec, source.split(":")[2] if source.startswith("arn:") else source, known):
        raise InvalidParameterValueException(text)


def _check_role(role: str, source_arn: str) -> None:
    """Refuse a mapping whose function's role may not read the source."""
    from moto.awslambda.exceptions import InvalidParameterValueException

    if action := denied(role, source_arn):
        service, _, operation = action.partition(":")
        source = {"sqs": "SQS", "dynamodb": "DynamoDB"}[service]
        raise InvalidParameterValueException(
            f"The provided execution role does not have permissions to call {operation} on {source}"
        )


def _check_visibility(function: Any, source_arn: str) -> None:
    """Refuse a queue whose messages come back while the function may still be at work on them.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    from moto.awslambda.exceptions import InvalidParameterValueException
    from moto.sqs.models import sqs_backends

    _, _, service, region, account, name = source_arn.split(":", 5)
    queue = sqs_backends[account][region].queues.get(name) if service == "sqs" else None
    if queue and int(queue.visibility_timeout) < int(function.timeout):
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than "
            f"Function timeout: {function.timeout} seconds"
        )


def _faults(spec: dict[str, Any], service: str, known: Any) -> Iterator[str]:
    if service not in ("sqs", "dynamodb"):
        yield f"The local cloud reads SQS queues and DynamoDB streams; {service or 'no source'} is not emulated."
    if spec.get("TumblingWindowInSeconds"):
        yield "Tumbling windows are not emulated by the local cloud."
    for one in (spec.get("FilterCriteria") or {}).get("Filters") or ():
        if fault := fault_of(one.get("Pattern") or "{}"):
            yield f"Invalid filter pattern definition. {fault}"
    size = int(spec.get("BatchSize") or getattr(known, "batch_size", 0) or 0)
    window = spec.get("MaximumBatchingWindowInSeconds", getattr(known, "max_batch_window", None))
    if service == "sqs" and size > 10 and not int(window or 0):
        yield "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
    position = spec.get("StartingPosition")
    if service == "dynamodb" and known is None and position not in ("LATEST", "TRIM_HORIZON"):
        yield f"Unsupported starting position for stream type: {position}"
    if destination := ((spec.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination"):
        try:
            service_of(destination)
        except ServiceError as error:
            yield error.message


class Pollers:
    """The running pollers by the id of their mapping."""

    def __init__(self, functions: Functions, targets: Targets) -> None:
        self._functions = functions
        self._targets = targets
        self._running: dict[str, Poller] = {}

    def start(self, mapping: Any) -> None:
        """Poll for a mapping from now on, in place of moto's own delivery."""
        service = mapping.event_source_arn.split(":")[2]
        kind = QueuePoller if service == "sqs" else StreamPoller
        self._running[mapping.uuid] = kind(mapping, self._functions, self._targets)

    def state(self) -> None:
        """Return nothing: the mappings are moto's."""

    def restore(self, state: None) -> None:
        """Poll again for every mapping that moto has."""
        from moto.awslambda.models import lambda_backends

        for _, _, backend in list(lambda_backends.iter_backends()):
            for mapping in list(backend._event_source_mappings.values()):
                self.start(mapping)

    def stop(self, mapping_id: str) -> None:
        """Stop polling for a mapping; events in progress end by themselves."""
        if poller := self._running.pop(mapping_id, None):
            poller.stopped.set()

    def close(self) -> None:
        """Stop all of them."""
        for mapping_id in list(self._running):
            self.stop(mapping_id)
