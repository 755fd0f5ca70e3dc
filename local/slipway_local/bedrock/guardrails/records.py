"""The guardrails that exist, each a working draft and numbered versions that never change.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-deploy.html
"""

from __future__ import annotations

import copy
import re
import secrets
import string
import threading
from datetime import UTC, datetime
from typing import Any

from ...aws import Place
from ...aws_json import JsonObject, ServiceError, validation_error

DRAFT = "DRAFT"
_ALPHABET = string.ascii_lowercase + string.digits


class Guardrails:
    """The guardrails of one account and region: id -> version -> what GetGuardrail answers.

    They are kept in moto's Bedrock backend, which has none of its own, so that they are saved with it.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = threading.Lock()

    @property
    def _records(self) -> dict[str, dict[str, JsonObject]]:
        from moto.bedrock.models import bedrock_backends

        backend = bedrock_backends[self._place.account][self._place.region]
        records: dict[str, dict[str, JsonObject]] = backend.__dict__.setdefault("slipway_guardrails", {})
        return records

    def create(self, settings: JsonObject) -> JsonObject:
        """Keep a new guardrail as its draft. Raises: ServiceError."""
        with self._lock:
            if any(versions[DRAFT]["name"] == settings["name"] for versions in self._records.values()):
                raise ServiceError("ConflictException", f"Another guardrail is named {settings['name']}.", 409)
            guardrail_id = "".join(secrets.choice(_ALPHABET) for _ in range(12))
            identity = {
                "guardrailId": guardrail_id,
                "guardrailArn": self._place.arn("bedrock", f"guardrail/{guardrail_id}"),
            }
            draft = {**_kept(settings), **identity, "version": DRAFT, "status": "READY", "createdAt": _now()}
            self._records[guardrail_id] = {DRAFT: draft | {"updatedAt": draft["createdAt"]}}
            return draft

    def update(self, identifier: str, settings: JsonObject) -> JsonObject:
        """Replace the draft's settings. Raises: ServiceError."""
        with self._lock:
            old = self.get(identifier)
            identity = {key: old[key] for key in ("guardrailId", "guardrailArn", "version", "status", "createdAt")}
            draft = {**_kept(settings), **identity, "updatedAt": _now()}
            self._records[old["guardrailId"]][DRAFT] = draft
            return draft

    def publish(self, identifier: str, description: str | None) -> JsonObject:
        """Make the next version of the draft. Raises: ServiceError."""
        with self._lock:
            draft = self.get(identifier)
            versions = self._records[draft["guardrailId"]]
            number = str(1 + max((int(version) for version in versions if version != DRAFT), default=0))
            versions[number] = copy.deepcopy(draft) | {"version": number, "createdAt": _now()}
            if description:
                versions[number]["description"] = description
            return dict(versions[number])

    def get(self, identifier: str, version: str | None = None) -> JsonObject:
        """Return one version, the draft by default, by id or ARN. Raises: ServiceError for one that there is not."""
        versions = self._records.get(re.sub(r"^arn:.*guardrail/", "", identifier), {})
        found = versions.get(version or DRAFT)
        if found is None:
            message = "The guardrail identifier or version provided in the request does not exist."
            raise ServiceError("ResourceNotFoundException", message, 404)
        return dict(found)

    def delete(self, identifier: str, version: str | None) -> None:
        """Delete one version, or the guardrail with all of them. Raises: ServiceError."""
        with self._lock:
            found = self.get(identifier, version)
            if version is None:
                del self._records[found["guardrailId"]]
            elif version == DRAFT:
                raise validation_error("The working draft goes with its guardrail only.")
            else:
                del self._records[found["guardrailId"]][version]

    def list(self, identifier: str | None) -> list[JsonObject]:
        """Return every guardrail's draft, or every version of one. Raises: ServiceError."""
        if identifier is None:
            return [versions[DRAFT] for versions in list(self._records.values())]
        return list(self._records[self.get(identifier)["guardrailId"]].values())


def _kept(settings: JsonObject) -> JsonObject:
    """Return settings as GetGuardrail names them: `topicPolicyConfig.topicsConfig` is `topicPolicy.topics` there."""
    if settings.get("automatedReasoningPolicyConfig"):
        raise validation_error("The local cloud does not emulate automated reasoning policies.")
    kept = {key: value for key, value in settings.items() if key.endswith(("Config", "Messaging"))}
    kept.pop("crossRegionConfig", None)
    kept |= {key: settings[key] for key in ("name", "description") if key in settings}
    return dict(_without_suffix(kept))


def _without_suffix(value: Any) -> Any:
    if isinstance(value, dict):
        return {key.removesuffix("Config"): _without_suffix(item) for key, item in value.items()}
    return [_without_suffix(item) for item in value] if isinstance(value, list) else value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
