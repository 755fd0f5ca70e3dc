"""Custom resources: the function is invoked, and answers with an HTTP PUT to the address in the event.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref.html
"""

import json
import threading
import uuid
from typing import Any

from slipway_local.deploy.providers.base import Context, Created, PartlyCreatedError, Properties

DEFAULT_TIMEOUT_SECONDS = 3600.0


class Answers:
    """The answers that functions have put, by token; the daemon's HTTP server fills it."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[threading.Event, dict[str, Any]]] = {}

    def expect(self) -> str:
        """Return a new token."""
        token = uuid.uuid4().hex
        self._waiting[token] = (threading.Event(), {})
        return token

    def put(self, token: str, body: bytes) -> bool:
        """Take an answer; False for a token that nobody waits for. Raises ValueError if it is no JSON object."""
        if token not in self._waiting:
            return False
        done, answer = self._waiting[token]
        answer.update(json.loads(body))
        done.set()
        return True

    def wait(self, token: str, seconds: float) -> dict[str, Any] | None:
        """Wait for the answer; None when it did not come in time."""
        done, answer = self._waiting[token]
        try:
            return answer if done.wait(seconds) else None
        finally:
            del self._waiting[token]


class CustomResource:
    """Sends Create, Update and Delete events; `Data` of the answer becomes the attributes.

    An update that answers with another PhysicalResourceId means that the old one is deleted afterwards, which the
    engine does.
    """

    mode = "live"
    updatable = True

    def create(self, context: Context, properties: Properties) -> Created:
        """Send Create and wait for the answer."""
        return self._send(context, "Create", properties, {})

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Send Update and wait for the answer."""
        extra = {"PhysicalResourceId": existing.physical_id, "OldResourceProperties": _strings(old)}
        return self._send(context, "Update", new, extra)

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Send Delete and wait for the answer."""
        self._send(context, "Delete", properties, {"PhysicalResourceId": existing.physical_id})

    def _send(self, context: Context, request: str, properties: Properties, extra: Properties) -> Created:
        answers: Answers = context.services["answers"]
        token = answers.expect()
        event = {
            "RequestType": request,
            "ResponseURL": f"{context.place.endpoint_url}/_slipway/custom-resource/{token}",
            "StackId": context.stack_id,
            "RequestId": token,
            "LogicalResourceId": context.logical_id,
            "ResourceType": context.resource_type,
            "ResourceProperties": _strings(properties),
            "ServiceToken": properties["ServiceToken"],
            **extra,
        }
        seconds = float(properties.get("ServiceTimeout", DEFAULT_TIMEOUT_SECONDS))
        invoked = threading.Thread(target=self._invoke, args=(context, token, event), daemon=True)
        invoked.start()
        answer = answers.wait(token, seconds)
        if answer is None:
            raise TimeoutError(f"the function did not answer within {seconds:g} seconds")
        if answer.get("Status") != "SUCCESS":
            failure = RuntimeError(f"the function answered: {answer.get('Reason') or 'no reason given'}")
            if request == "Create" and answer.get("PhysicalResourceId"):  # it is there to be deleted
                raise PartlyCreatedError(Created(physical_id=answer["PhysicalResourceId"])) from failure
            raise failure
        physical_id = answer.get("PhysicalResourceId") or extra.get("PhysicalResourceId") or token
        return Created(physical_id=str(physical_id), attributes=answer.get("Data") or {})

    @staticmethod
    def _invoke(context: Context, token: str, event: Properties) -> None:
        """Invoke the function. One that fails never answers: say so at once instead of waiting for the timeout."""
        answers: Answers = context.services["answers"]
        try:
            answer = context.place.client("lambda").invoke(
                FunctionName=event["ServiceToken"], Payload=json.dumps(event).encode()
            )
            payload = answer["Payload"].read().decode("utf-8", "replace")
            reason = payload if "FunctionError" in answer else None
        except Exception as error:
            reason = str(error)
        if reason is not None:
            answers.put(token, json.dumps({"Status": "FAILED", "Reason": f"the function failed: {reason}"}).encode())


def _strings(value: Any) -> Any:
    """Return the value with every scalar as text, as CloudFormation sends properties to functions."""
    if isinstance(value, dict):
        return {key: _strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_strings(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
