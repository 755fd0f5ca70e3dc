"""OpenSearch Serverless on this machine: collections and their endpoints, under one signing name.

A collection's endpoint is a path at the one port. `behave` makes it as slow or contrary as the service can be.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from slipway_local.aws import ANYBODY, Place
from slipway_local.aws_json import ServiceError, parse_object, read_body
from slipway_local.opensearch import access, signature
from slipway_local.opensearch.control_plane import PREFIX, ControlPlane
from slipway_local.opensearch.data_plane import DataPlane, Request
from slipway_local.opensearch.errors import OpenSearchError, forbidden
from slipway_local.opensearch.index import Index
from slipway_local.opensearch.records import Records, now
from slipway_local.permissions.enforcement import enforcement

TARGET = "OpenSearchServerless."
CONTROL_TYPE = "application/x-amz-json-1.0"
BODY_BYTES = 16 * 1024**2


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How the service behaves. Units: seconds; `fail_status` is answered `fail_times` more times, 0 for never.

    `lose_answers`: what is answered so was done nevertheless.
    """

    refresh_seconds: float = 0.5
    propagation_seconds: float = 0.0
    fail_status: int = 429
    fail_times: int = 0
    lose_answers: bool = False


class OpenSearch:
    """A WSGI application for requests that are signed for `aoss`."""

    def __init__(self, place: Place) -> None:
        self.behaviour = Behaviour()
        self._place = place
        self._records = Records()
        self._planes: dict[str, DataPlane] = {}
        self._control = ControlPlane(place, self._records, lambda id: self._planes.pop(id, None))

    def behave(self, **settings: Any) -> Behaviour:
        """Change the behaviour and return it. Raises: TypeError for an unknown setting."""
        self.behaviour = replace(self.behaviour, **settings)
        return self.behaviour

    def settled(self) -> bool:
        """Return whether searches see every write."""
        return all(index.settled() for plane in self._planes.values() for index in list(plane.indexes.values()))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one request."""
        try:
            body = read_body(environ, BODY_BYTES)
            if environ["PATH_INFO"].startswith(PREFIX):
                return self._data(environ, body, start_response)
            operation = environ.get("HTTP_X_AMZ_TARGET", "").removeprefix(TARGET)
            answer = self._control.call(operation, parse_object(body))
        except ServiceError as error:
            # AWS JSON names the error in the body.
            answer = {"__type": error.code, "message": error.message}
            return _respond(start_response, error.status, answer, CONTROL_TYPE)
        return _respond(start_response, 200, answer, CONTROL_TYPE)

    def _data(self, environ: dict[str, Any], body: bytes, start_response: Any) -> Iterable[bytes]:
        status, answer = self._answer(environ, body)
        behaviour = self.behaviour
        if behaviour.lose_answers and behaviour.fail_times and status < 300:
            status, answer = self._failing()
        return _respond(start_response, status, answer, "application/json; charset=UTF-8")

    def _answer(self, environ: dict[str, Any], body: bytes) -> tuple[int, dict[str, Any]]:
        if self.behaviour.fail_times and not self.behaviour.lose_answers:
            return self._failing()
        id, _, path = environ["PATH_INFO"].removeprefix(PREFIX).partition("/")
        query = dict(part.partition("=")[::2] for part in environ.get("QUERY_STRING", "").split("&") if part)
        request = Request(method=environ["REQUEST_METHOD"], path=path, query=query, body=body)
        try:
            key = signature.check(environ, body, self._secret)
            collection = self._records.collections.get(id)
            if collection is None:
                raise forbidden(f"there is no collection {id}")
            plane = self._planes.setdefault(id, DataPlane(lambda: self.behaviour.refresh_seconds))
            self._admit(key, plane.permission(request), f"index/{collection['name']}/{path.partition('/')[0]}")
            return plane.serve(request)
        except OpenSearchError as error:
            return error.status, error.body()

    def _failing(self) -> tuple[int, dict[str, Any]]:
        behaviour = self.behave(fail_times=self.behaviour.fail_times - 1)
        status = behaviour.fail_status
        return status, OpenSearchError(status, HTTPStatus(status).phrase, "a fault of the local cloud").body()

    def _admit(self, access_key: str, permission: str, resource: str) -> None:
        """Raise OpenSearchError unless a data access policy lets the signer in; the laptop's owner always is."""
        session = _session(access_key, self._place)
        if session is None:
            return
        before = now() - self.behaviour.propagation_seconds * 1000
        in_force = [each for each in self._records.access.values() if each["lastModifiedDate"] <= before]
        statements = [statement for policy in in_force for statement in policy["policy"]]
        if not access.allows(statements, {session.role_arn, session.arn}, permission, resource):
            raise forbidden(f"no data access policy in force lets {session.arn} do {permission} with {resource}")

    def _secret(self, access_key: str) -> tuple[str, str | None] | None:
        for owner in (self._place.administrator, *(() if enforcement.on else (ANYBODY,))):
            if access_key == owner.access_key_id:
                return owner.secret_access_key, None
        session = _session(access_key, self._place)
        return (session.secret_access_key, session.session_token) if session else None

    def state(self) -> dict[str, Any]:
        """Return what to keep."""
        indexes = {
            id: {name: index.state() for name, index in plane.indexes.items()} for id, plane in self._planes.items()
        }
        return {"records": dict(vars(self._records)), "indexes": indexes}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take it back; every write is seen at once."""
        vars(self._records).update(state["records"])
        for id, indexes in state["indexes"].items():
            plane = self._planes.setdefault(id, DataPlane(lambda: self.behaviour.refresh_seconds))
            for name, held in indexes.items():
                plane.indexes[name] = Index(held["body"], lambda: self.behaviour.refresh_seconds)
                plane.indexes[name].restore(held["documents"])


def _session(access_key: str, place: Place) -> Any:
    """Return moto's session of a role, None for any other access key."""
    from moto.sts.models import sts_backends

    return sts_backends[place.account][place.partition].get_assumed_role_from_access_key(access_key)


def _respond(start_response: Any, status: int, answer: Mapping[str, Any], content_type: str) -> list[bytes]:
    content = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
    headers = [("Content-Type", content_type), ("Content-Length", str(len(content)))]
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [content]
