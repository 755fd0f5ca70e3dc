"""Custom resources: the function is invoked, and answers with an HTTP PUT to the address in the event.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref.html
"""

import json
import threading
import uuid
from typing import Any

from slipway_local.deploy.providers.base import Context, Created, Everything, PartlyCreatedError, Properties

DEFAULT_TIMEOUT_SECONDS = 3600.0
ANSWER_BYTES, ID_BYTES = 4096, 1024


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
        answer = json.loads(body)
        if not isinstance(answer, dict):
            raise ValueError("an answer is a JSON object")
        return self._take(token, answer if len(body) <= ANSWER_BYTES else {"failure": "Response object is too long."})

    def fail(self, token: str, reason: str) -> None:
        """Say that no answer will come."""
        self._take(token, {"failure": reason})

    def _take(self, token: str, answer: dict[str, Any]) -> bool:
        if token in self._waiting:
            done, taken = self._waiting[token]
            taken.update(answer)
            done.set()
        return token in self._waiting

    def wait(self, token: str, seconds: float) -> dict[str, Any] | None:
        """Wait for the answer; None when it did not come in time."""
        done, answer = self._waiting[token]
        try:
            return answer if done.wait(seconds) else None
        finally:
            del self._waiting[token]


class CustomResource(Everything):
    """Sends Create, Update and Delete events; `Data` of the answer becomes the attributes.

    An update that answers with another PhysicalResourceId means that the old one is deleted afterwards, which the
    engine does.
    """

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
        if wrong := answer.get("failure") or _invalid(answer, event):
            raise RuntimeError(wrong)
        created = Created(physical_id=answer["PhysicalResourceId"], attributes=answer.get("Data") or {})
        if answer["Status"] == "SUCCESS":
            return created
        failure = RuntimeError(f"the function answered: {answer.get('Reason') or 'no reason given'}")
        if request == "Create":  # it is there to be deleted
            raise PartlyCreatedError(created) from failure
        raise failure

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
            answers.fail(token, f"the function failed: {reason}")


def _invalid(answer: Properties, event: Properties) -> str:
    """Return what is wrong with an answer, "" if nothing.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-responses.html
    """
    if answer.get("Status") not in ("SUCCESS", "FAILED"):
        return f"the answer's Status {answer.get('Status')!r} is neither SUCCESS nor FAILED"
    physical_id = answer.get("PhysicalResourceId")
    if not isinstance(physical_id, str) or not 0 < len(physical_id.encode()) <= ID_BYTES:
        return "Invalid PhysicalResourceId: it must be a string that is not empty and has 1 KB at most"
    other = [name for name in ("StackId", "RequestId", "LogicalResourceId") if answer.get(name) != event[name]]
    return f"the answer's {', '.join(other)} differs from the request's" if other else ""


def _strings(value: Any) -> Any:
    """Return the value with every scalar as text, as CloudFormation sends properties to functions."""
    if isinstance(value, dict):
        return {key: _strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_strings(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
