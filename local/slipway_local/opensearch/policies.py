"""The operations on policies: encryption, network and data access.

Source: https://docs.aws.amazon.com/opensearch-service/latest/ServerlessAPIReference/API_CreateSecurityPolicy.html
"""

import base64
import json
import secrets
from typing import Any

from slipway_local.aws_json import ServiceError, validation_error
from slipway_local.opensearch import access
from slipway_local.opensearch.records import Record, Records, names, now


class PolicyOperations:
    """Each operation by its name; what it is given has been checked against the model. Raises: ServiceError."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def create_security_policy(self, given: Record) -> Record:
        """Take an encryption or network policy in."""
        key = (given["type"], given["name"])
        if key in self._records.security:
            raise ServiceError("ConflictException", f"Policy with name {key[1]} and type {key[0]} already exists", 409)
        self._records.security[key] = _policy(given, _security_document(given))
        return {"securityPolicyDetail": self._records.security[key]}

    def get_security_policy(self, given: Record) -> Record:
        """Return one."""
        return {"securityPolicyDetail": _held(self._records.security, given)}

    def update_security_policy(self, given: Record) -> Record:
        """Replace its document."""
        held = _held(self._records.security, given)
        _check_version(held, given)
        if "policy" in given:
            held |= {"policy": _security_document({**given, "type": held["type"]}), "policyVersion": _version()}
        return {"securityPolicyDetail": {**held, "lastModifiedDate": now()}}

    def delete_security_policy(self, given: Record) -> Record:
        """Delete it, unless a collection needs it."""
        held = _held(self._records.security, given)
        collections = [each["name"] for each in self._records.collections.values()]
        patterns = [each for rule in held["policy"]["Rules"] for each in rule["Resource"]] if (
            held["type"] == "encryption"
        ) else []  # fmt: skip
        if used := [name for name in collections if any(names(pattern, name) for pattern in patterns)]:
            raise ServiceError("ConflictException", f"The policy is used by the collection {used[0]}", 409)
        del self._records.security[given["type"], given["name"]]
        return {}

    def create_access_policy(self, given: Record) -> Record:
        """Take a data access policy in."""
        key = (given["type"], given["name"])
        if key in self._records.access:
            raise ServiceError("ConflictException", f"Policy with name {key[1]} and type {key[0]} already exists", 409)
        self._records.access[key] = _policy(given, access.checked(given["policy"]))
        return {"accessPolicyDetail": self._records.access[key]}

    def get_access_policy(self, given: Record) -> Record:
        """Return one."""
        return {"accessPolicyDetail": _held(self._records.access, given)}

    def update_access_policy(self, given: Record) -> Record:
        """Replace its document; it is in force after the propagation anew."""
        held = _held(self._records.access, given)
        _check_version(held, given)
        if "policy" in given:
            held |= {"policy": access.checked(given["policy"]), "policyVersion": _version(), "lastModifiedDate": now()}
        return {"accessPolicyDetail": held}

    def delete_access_policy(self, given: Record) -> Record:
        """Delete it."""
        _held(self._records.access, given)
        del self._records.access[given["type"], given["name"]]
        return {}


def _security_document(given: Record) -> Any:
    try:
        document = json.loads(given["policy"])
    except ValueError as error:
        raise validation_error(f"Policy json is invalid, error: [{error}]") from error
    for each in [document] if given["type"] == "encryption" else document:
        known = {"Rules", "Description"} | (
            {"AWSOwnedKey", "KmsARN"} if given["type"] == "encryption"
            else {"AllowFromPublic", "SourceVPCEs", "SourceServices"}
        )  # fmt: skip
        if not isinstance(each, dict) or "Rules" not in each or set(each) - known:
            raise validation_error(f"Policy json is invalid, error: [{given['type']} policies have {sorted(known)}]")
        for rule in each["Rules"]:
            if set(rule) != {"ResourceType", "Resource"} or rule["ResourceType"] not in ("collection", "dashboard"):
                raise validation_error(f"Policy json is invalid, error: [{rule} is no rule]")
    return document


def _policy(given: Record, document: Any) -> Record:
    times = {"createdDate": now(), "lastModifiedDate": now()}
    described = {"description": given["description"]} if "description" in given else {}
    version = _version()
    return {
        "type": given["type"], "name": given["name"], "policy": document, "policyVersion": version, **described, **times
    }  # fmt: skip


def _version() -> str:
    return base64.b64encode(secrets.token_bytes(18)).decode()


def _check_version(held: Record, given: Record) -> None:
    if given["policyVersion"] != held["policyVersion"]:
        raise ServiceError("ConflictException", "Policy version specified in the request does not match", 409)


def _held(policies: dict[tuple[str, str], Record], given: Record) -> Record:
    key = (given["type"], given["name"])
    if key not in policies:
        message = f"Policy with name {key[1]} and type {key[0]} is not found"
        raise ServiceError("ResourceNotFoundException", message, 404)
    return policies[key]
