"""Prompt management as a WSGI application: the prompts of boto3's `bedrock-agent` client.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_CreatePrompt.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_CreatePromptVersion.html and, for the quotas,
https://docs.aws.amazon.com/general/latest/gr/bedrock.html
"""

from __future__ import annotations

import copy
import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

from ..aws import Place
from ..aws_json import JsonObject, ServiceError, parse_object, read_body, respond, respond_error, validation_error
from ..shapes import check, check_answer, service
from .knowledge_bases.model import identifier, iso
from .prompt_variants import check_variants

PATHS = re.compile(r"/prompts(?:/.*)?")
NAMED = r"/prompts/(?P<promptIdentifier>.+?)"
ROUTES = {
    "CreatePrompt": "POST /prompts/?",
    "ListPrompts": "GET /prompts/?",
    "CreatePromptVersion": f"POST {NAMED}/versions/?",
    "GetPrompt": f"GET {NAMED}/?",
    "UpdatePrompt": f"PUT {NAMED}/?",
    "DeletePrompt": f"DELETE {NAMED}/?",
}
KEPT = ("name", "description", "customerEncryptionKeyArn", "defaultVariant", "variants")
SUMMARY = ("name", "description", "id", "arn", "version", "createdAt", "updatedAt")
MAX_REQUEST_BYTES = 1024 * 1024
PROMPTS_PER_ACCOUNT = 500
VERSIONS_PER_PROMPT = 10
PAGE = 10  # more PromptSummaries fit into no answer, by the service's model


@dataclass
class Prompt:
    """A prompt: its draft and its versions, each as GetPrompt shows it; numbers are not given twice."""

    id: str
    draft: JsonObject
    versions: dict[str, JsonObject] = field(default_factory=dict)
    last: int = 0


@dataclass
class Held:
    """What the service keeps: prompts by id, and by the tokens of creations what was asked and answered."""

    prompts: dict[str, Prompt] = field(default_factory=dict)
    tokens: dict[str, tuple[str, JsonObject]] = field(default_factory=dict)


class PromptManagement:
    """Every prompt of the account."""

    def __init__(self, place: Place) -> None:
        self._place, self._held, self._lock = place, Held(), threading.Lock()
        self._operations: dict[str, Callable[[JsonObject], JsonObject]] = {
            "CreatePrompt": lambda request: self._once("CreatePrompt", request, self._create),
            "CreatePromptVersion": lambda request: self._once("CreatePromptVersion", request, self._publish),
            "ListPrompts": self._list,
            "GetPrompt": lambda request: self._shown(*self._named(request, request.get("promptVersion"))),
            "UpdatePrompt": self._update,
            "DeletePrompt": self._delete,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            body = parse_object(read_body(environ, MAX_REQUEST_BYTES))
            operation, named = _route(f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}")
            request = {**body, **dict(parse_qsl(environ.get("QUERY_STRING", ""))), **named}
            if "maxResults" in request:
                request["maxResults"] = int(request["maxResults"])
            check("bedrock-agent", operation, request)
            with self._lock:
                answer = copy.deepcopy(self._operations[operation](request))
            check_answer("bedrock-agent", operation, answer)
            status = service("bedrock-agent").operation_model(operation).http["responseCode"]
            return respond(start_response, answer, status)
        except ServiceError as error:
            return respond_error(start_response, error)

    def state(self) -> Any:
        """Return what to keep."""
        with self._lock:
            return copy.deepcopy(self._held)

    def restore(self, state: Any) -> None:
        """Take it back."""
        self._held = state

    def _once(self, operation: str, request: JsonObject, make: Callable[[JsonObject], JsonObject]) -> JsonObject:
        """Do a creation, or answer as before where its token was seen with the same request."""
        asked = json.dumps([operation, {**request, "clientToken": ""}], sort_keys=True)
        token = request.get("clientToken", "")
        if token in self._held.tokens:
            before, answer = self._held.tokens[token]
            if before != asked:
                raise _conflict(f"clientToken {token} was used for another request")
            return answer
        answer = make(request)
        if token:
            self._held.tokens[token] = (asked, answer)
        return answer

    def _create(self, request: JsonObject) -> JsonObject:
        check_variants(request)
        self._check_name(request["name"], "")
        if len(self._held.prompts) >= PROMPTS_PER_ACCOUNT:
            raise _quota(f"Prompts per account: {PROMPTS_PER_ACCOUNT}")
        made, now = identifier(), iso(time.time())
        head = {"id": made, "arn": self._place.arn("bedrock", f"prompt/{made}"), "version": "DRAFT"}
        draft = {**_kept(request), **head, "createdAt": now, "updatedAt": now}
        self._held.prompts[made] = Prompt(made, draft)
        return draft

    def _update(self, request: JsonObject) -> JsonObject:
        prompt, _ = self._named(request, None)
        check_variants(request)
        self._check_name(request["name"], prompt.id)
        head = {key: prompt.draft[key] for key in ("id", "arn", "version", "createdAt")}
        prompt.draft = {**_kept(request), **head, "updatedAt": iso(time.time())}
        return prompt.draft

    def _publish(self, request: JsonObject) -> JsonObject:
        prompt, _ = self._named(request, None)
        if not prompt.draft.get("variants"):
            raise validation_error(f"Prompt {prompt.id} has no variant; a version needs one")
        if len(prompt.versions) >= VERSIONS_PER_PROMPT:
            raise _quota(f"Versions per prompt: {VERSIONS_PER_PROMPT}")
        prompt.last += 1
        version, now = str(prompt.last), iso(time.time())
        said = {"description": request["description"]} if "description" in request else {}
        arn = f"{prompt.draft['arn']}:{version}"
        made = {**prompt.draft, **said, "arn": arn, "version": version, "createdAt": now, "updatedAt": now}
        prompt.versions[version] = copy.deepcopy(made)
        return made

    def _delete(self, request: JsonObject) -> JsonObject:
        prompt, version = self._named(request, request.get("promptVersion"))
        if version == "DRAFT":
            del self._held.prompts[prompt.id]
            return {"id": prompt.id}
        del prompt.versions[version]
        return {"id": prompt.id, "version": version}

    def _list(self, request: JsonObject) -> JsonObject:
        found = [each.draft for each in self._held.prompts.values()]
        if "promptIdentifier" in request:
            prompt, _ = self._named(request, None)
            found = [prompt.draft, *prompt.versions.values()]
        start, size = int(request.get("nextToken", 0)), min(request.get("maxResults", PAGE), PAGE)
        shown = [{key: each[key] for key in SUMMARY if key in each} for each in found[start : start + size]]
        more = {"nextToken": str(start + size)} if start + size < len(found) else {}
        return {"promptSummaries": shown, **more}

    def _named(self, request: JsonObject, version: str | None) -> tuple[Prompt, str]:
        """Return the prompt and the version that a request names; the draft where it names none."""
        name, _, at = request["promptIdentifier"].rpartition("/")[2].partition(":")
        wanted = version or at or "DRAFT"
        prompt = self._held.prompts.get(name)
        if prompt is None or (wanted != "DRAFT" and wanted not in prompt.versions):
            message = f"Prompt {name} {'' if wanted == 'DRAFT' else f'version {wanted} '}could not be found"
            raise ServiceError("ResourceNotFoundException", message, 404)
        return prompt, wanted

    @staticmethod
    def _shown(prompt: Prompt, version: str) -> JsonObject:
        return prompt.draft if version == "DRAFT" else prompt.versions[version]

    def _check_name(self, name: str, own: str) -> None:
        if any(each.draft["name"] == name and each.id != own for each in self._held.prompts.values()):
            raise _conflict(f"Prompt with name {name} already exists")


def _kept(request: JsonObject) -> JsonObject:
    return {key: request[key] for key in KEPT if key in request}


def _conflict(message: str) -> ServiceError:
    return ServiceError("ConflictException", message, 409)


def _quota(message: str) -> ServiceError:
    return ServiceError("ServiceQuotaExceededException", f"Your account has reached a quota. {message}", 402)


def _route(target: str) -> tuple[str, dict[str, str]]:
    for operation, pattern in ROUTES.items():
        if found := re.fullmatch(pattern, target):
            return operation, found.groupdict()
    raise ServiceError("UnknownOperationException", f"{target:.80} is not emulated", 404)
