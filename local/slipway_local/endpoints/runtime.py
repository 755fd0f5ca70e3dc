"""InvokeEndpoint and InvokeEndpointWithResponseStream: a request to a copy of a model, and what is known of it after.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointWithResponseStream.html
"""

import http.client
import random
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from slipway_local.aws_json import ServiceError, read_body, respond_error
from slipway_local.endpoints import capture, metrics, stream
from slipway_local.endpoints.container import Copy
from slipway_local.endpoints.fleet import Fleet
from slipway_local.endpoints.lanes import Lane
from slipway_local.endpoints.service import Endpoints
from slipway_local.front_door import Application

PATH = re.compile(r"/endpoints/([^/]+)/(invocations|invocations-response-stream|async-invocations)")
LIMIT_BYTES = 25 * 2**20
PIECE_BYTES = 65_536
AWS = "HTTP_X_AMZN_SAGEMAKER_"
NO_CAPACITY = (
    "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if "
    "configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API."
)
NO_COMPONENT = (
    "Inference Component Name header is required for endpoints to which you plan to deploy inference components."
)


class Runtime:
    """A WSGI application for the two operations; `others` serves the rest of what is signed as SageMaker's."""

    def __init__(self, endpoints: Endpoints, others: Application) -> None:
        self._of, self._others = endpoints, others

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        match = PATH.fullmatch(environ["PATH_INFO"])
        if match is None:
            return self._others(environ, start_response)
        try:
            if match[2] == "async-invocations":
                raise ServiceError(
                    "ValidationError", "This local cloud has no asynchronous endpoints; use InvokeEndpoint."
                )
            call = _Call(self._of, unquote(match[1]), environ)
            streamed = match[2] == "invocations-response-stream"
            return call.stream(start_response) if streamed else call.whole(start_response)
        except ServiceError as error:
            return respond_error(start_response, error)


class _Call:
    """One request, on its way to a copy."""

    def __init__(self, of: Endpoints, name: str, environ: dict[str, Any]) -> None:
        self._of, self._began = of, time.monotonic()
        self._endpoint = of.endpoints.get(name)
        if self._endpoint is None or self._endpoint["EndpointStatus"] in ("Creating", "Failed"):
            raise ServiceError("ValidationError", f"Endpoint {name} of account {of.place.account} not found.")
        self._name, self._config = name, of.configs[self._endpoint["EndpointConfigName"]]
        self._body = read_body(environ, LIMIT_BYTES)
        self._type = environ.get("CONTENT_TYPE") or "application/octet-stream"
        self._accept = environ.get(f"{AWS}ACCEPT") or environ.get("HTTP_ACCEPT") or "*/*"
        self._attributes = environ.get(f"{AWS}CUSTOM_ATTRIBUTES", "")
        self._inference_id = environ.get(f"{AWS}INFERENCE_ID", "")
        self._component = environ.get(f"{AWS}INFERENCE_COMPONENT", "")
        for refused in ("TARGET_MODEL", "TARGET_CONTAINER_HOSTNAME", "SESSION_ID"):
            if environ.get(AWS + refused):
                raise ServiceError("ValidationError", f"This local cloud has no {refused.replace('_', ' ').title()}.")
        self._variant, self._lane = self._route(environ.get(f"{AWS}TARGET_VARIANT", ""))
        dimensions = [{"EndpointName": name, "VariantName": self._variant}]
        if self._component:
            dimensions = [{"InferenceComponentName": self._component}]
        self._dimensions: list[Any] = dimensions

    def whole(self, start_response: Any) -> list[bytes]:
        """Answer at once."""
        response, payload = self._ask()
        content_type = response.headers.get("Content-Type", "application/octet-stream")
        headers = [("Content-Type", content_type), ("Content-Length", str(len(payload))), *self._told(response)]
        start_response("200 OK", headers)
        return [payload]

    def stream(self, start_response: Any) -> Iterator[bytes]:
        """Answer in pieces. What fails after the first is told in the stream."""
        fleet, copy = self._taken()
        try:
            connection, response = copy.invoke(self._body, self._headers())
            if response.status >= 300:
                payload = response.read()
                connection.close()
                raise self._model_error(response, payload)
        except OSError as error:
            fleet.give_back(copy)
            self._count(500)
            raise ServiceError(
                "ModelError", f"The model does not answer: {error}", 424, OriginalStatusCode=500
            ) from error
        except ServiceError:
            fleet.give_back(copy)
            raise
        headers = [("Content-Type", "application/vnd.amazon.eventstream"), *self._told(response)]
        headers.append(("X-Amzn-SageMaker-Content-Type", response.headers.get("Content-Type", "")))
        start_response("200 OK", headers)
        return self._pieces(fleet, copy, connection, response)

    def _pieces(
        self, fleet: Fleet, copy: Copy, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> Iterator[bytes]:
        payload, status = b"", 200
        try:
            while piece := response.read1(PIECE_BYTES):
                payload += piece
                yield stream.part(piece)
        except (OSError, http.client.HTTPException) as error:
            status = 500
            yield stream.broken(str(error))
            sys.stderr.write(f"endpoint {self._name}: the stream broke: {error}\n")
        finally:
            connection.close()
            fleet.give_back(copy)
            self._count(status)
            self._after(response.headers.get("Content-Type", ""), payload)

    def _ask(self) -> tuple[http.client.HTTPResponse, bytes]:
        fleet, copy = self._taken()
        try:
            connection, response = copy.invoke(self._body, self._headers())
            try:
                payload = response.read()
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            self._count(500)
            raise ServiceError(
                "ModelError", f"The model does not answer: {error}", 424, OriginalStatusCode=500
            ) from error
        finally:
            fleet.give_back(copy)
        if response.status >= 300:
            raise self._model_error(response, payload)
        self._count(200)
        self._after(response.headers.get("Content-Type", ""), payload)
        return response, payload

    def _model_error(self, response: http.client.HTTPResponse, payload: bytes) -> ServiceError:
        self._count(response.status)
        self._after(response.headers.get("Content-Type", ""), payload)
        text = payload.decode("utf-8", errors="replace")
        said = f'Received client error ({response.status}) from {self._variant} with message "{text}".'
        group = self._of.place.arn("logs", f"log-group:/aws/sagemaker/Endpoints/{self._name}")
        more = {"OriginalStatusCode": response.status, "OriginalMessage": text, "LogStreamArn": group}
        return ServiceError("ModelError", said, 424, **more)

    def _route(self, target: str) -> tuple[str, Lane]:
        if self._component:
            record, lane = self._of.components.get(self._component), self._of.copies.get(self._component)
            if record is None or lane is None or record["EndpointName"] != self._name:
                raise ServiceError("ValidationError", f"Inference Component {self._component} not found.")
            return record["VariantName"], lane
        lanes = {variant: lane for (name, variant), lane in self._of.lanes.items() if name == self._name}
        if not lanes:
            raise ServiceError("ValidationError", NO_COMPONENT)
        if target and target not in lanes:
            raise ServiceError("ValidationError", f"Variant {target} of endpoint {self._name} not found.")
        if target:
            return target, lanes[target]
        weights = [lane.weight for lane in lanes.values()]
        (name,) = random.choices(list(lanes), weights if any(weights) else None)  # noqa: S311 - traffic
        return name, lanes[name]

    def _taken(self) -> tuple[Fleet, Copy]:
        fleet = self._lane.pick()
        if copy := fleet.take():
            return fleet, copy
        if self._component:
            metrics.put(self._of.place, self._dimensions, {"NoCapacityInvocationFailures": 1.0, "Invocations": 1.0})
            raise ServiceError("ValidationError", NO_CAPACITY)
        self._count(503)
        raise ServiceError("ServiceUnavailable", "No instance of the variant answers at the moment.", 503)

    def _headers(self) -> dict[str, str]:
        given = {"Content-Type": self._type, "Accept": self._accept}
        given |= {"X-Amzn-SageMaker-Custom-Attributes": self._attributes} if self._attributes else {}
        return given | ({"X-Amzn-SageMaker-Inference-Id": self._inference_id} if self._inference_id else {})

    def _told(self, response: http.client.HTTPResponse) -> list[tuple[str, str]]:
        found = [("x-Amzn-Invoked-Production-Variant", self._variant)]
        if said := response.headers.get("X-Amzn-SageMaker-Custom-Attributes"):
            found.append(("X-Amzn-SageMaker-Custom-Attributes", said))
        return found

    def _count(self, status: int) -> None:
        taken = (time.monotonic() - self._began) * 1e6
        metrics.put(self._of.place, self._dimensions, metrics.answered(status, taken, 0.0))

    def _after(self, content_type: str, payload: bytes) -> None:
        """Capture the request, and ask the shadow, after the answer has gone out."""
        shadow, kept = self._of.shadows.get(self._name), capture.wanted(self._config)
        shadowed = shadow is not None and random.random() < shadow[1]  # noqa: S311 - a sample
        if shadowed or kept:
            work = (content_type, payload, kept, shadowed)
            threading.Thread(target=self._later, args=work, daemon=True).start()

    def _later(self, content_type: str, payload: bytes, kept: bool, shadowed: bool) -> None:
        try:
            if kept:
                self._keep(self._variant, content_type, payload)
            if shadowed:
                self._shadow(kept=kept)
        except Exception:
            traceback.print_exc(file=sys.stderr)

    def _shadow(self, *, kept: bool) -> None:
        variant, _, lane = self._of.shadows[self._name]
        copy, began, status, payload = lane.fleet.take(), time.monotonic(), 500, b""
        if copy is None:
            return
        content_type = ""
        try:
            connection, response = copy.invoke(self._body, self._headers())
            payload, status = response.read(), response.status
            content_type = response.headers.get("Content-Type", "")
            connection.close()
        except OSError:
            traceback.print_exc(file=sys.stderr)
        finally:
            lane.fleet.give_back(copy)
        dimensions = [{"EndpointName": self._name, "VariantName": variant}]
        metrics.put(self._of.place, dimensions, metrics.answered(status, (time.monotonic() - began) * 1e6, 0.0))  # type: ignore[arg-type]
        if kept:
            self._keep(variant, content_type, payload)

    def _keep(self, variant: str, content_type: str, payload: bytes) -> None:
        role = self._config.get("ExecutionRoleArn") or self._lane.fleet.role
        bodies = {"Input": (self._type, self._body), "Output": (content_type, payload)}
        capture.keep(self._of.place, self._config, role, (self._name, variant), self._inference_id, bodies)
