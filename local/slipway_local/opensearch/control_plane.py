"""The API `opensearchserverless`: collections and the policies about them.

moto has no data access policies and no collection groups, and fails for a collection with a key of AWS's own.
Source: https://docs.aws.amazon.com/opensearch-service/latest/ServerlessAPIReference/Welcome.html
"""

import re
import secrets
from collections.abc import Callable
from typing import Any

from slipway_local.aws import Place
from slipway_local.aws_json import ServiceError, validation_error
from slipway_local.opensearch.policies import PolicyOperations
from slipway_local.opensearch.records import Record, Records, names, now

PREFIX = "/_aoss/"
ENDPOINT_FIELDS = ("collectionEndpoint", "dashboardEndpoint")


class ControlPlane:
    """The operations that CloudFormation and its users need; the others are refused by name.

    `dropped` is told the id of a deleted collection.
    """

    def __init__(self, place: Place, records: Records, dropped: Callable[[str], object]) -> None:
        self._place = place
        self._records = records
        self._dropped = dropped
        self._policies = PolicyOperations(records)

    def call(self, operation: str, given: Record) -> Record:
        """Carry out one operation. Raises: ServiceError."""
        from botocore.validate import ParamValidator
        from moto.core.utils import get_service_model

        model = get_service_model("opensearchserverless")
        name = _snake(operation)
        serve = getattr(self._policies, name, None) or getattr(self, f"_{name}", None)
        if operation not in model.operation_names or serve is None:
            raise ServiceError("UnknownOperationException", f"the local cloud does not emulate aoss {operation}")
        shape = model.operation_model(operation).input_shape
        report = ParamValidator().validate(given, shape)
        if report.has_errors():
            raise validation_error(report.generate_report())
        _check(given, shape, "")
        return dict(serve(given))

    def _create_collection(self, given: Record) -> Record:
        name = given["name"]
        if any(each["name"] == name for each in self._records.collections.values()):
            raise ServiceError("ConflictException", f"Collection with name {name} already exists", 409)
        if given.get("type") != "VECTORSEARCH":
            raise validation_error("the local cloud has collections of type VECTORSEARCH only")
        group = given.get("collectionGroupName")
        if group and not any(each["name"] == group for each in self._records.groups.values()):
            raise validation_error(f"Collection group {group} does not exist")
        id = secrets.token_hex(10)
        arn = self._place.arn("aoss", f"collection/{id}")
        made = {key: value for key, value in given.items() if key not in ("tags", "clientToken", "encryptionConfig")}
        self._records.collections[id] = {
            "standbyReplicas": "ENABLED",
            "deletionProtection": "DISABLED",
            **made,
            "id": id,
            "arn": arn,
            "status": "ACTIVE",
            "kmsKeyArn": self._key_of(given),
            "createdDate": now(),
            "lastModifiedDate": now(),
            "collectionEndpoint": f"{self._place.endpoint_url}{PREFIX}{id}",
            "dashboardEndpoint": f"{self._place.endpoint_url}{PREFIX}{id}/_dashboards",
        }
        self._records.tags[arn] = given.get("tags", [])
        return {"createCollectionDetail": _without(self._records.collections[id], *ENDPOINT_FIELDS)}

    def _key_of(self, given: Record) -> str:
        """Return the key of the encryption policy, which must be there before the collection."""
        if given.get("encryptionConfig"):
            return str(given["encryptionConfig"].get("kmsKeyArn", "auto"))
        for policy in self._records.security.values():
            if policy["type"] == "encryption":
                patterns = [each for rule in policy["policy"]["Rules"] for each in rule["Resource"]]
                if any(names(pattern, given["name"]) for pattern in patterns):
                    return str(policy["policy"].get("KmsARN", "auto"))
        raise validation_error(
            f"No matching security policy of encryption type found for collection name: {given['name']}. "
            "Please create security policy of encryption type for this collection."
        )

    def _batch_get_collection(self, given: Record) -> Record:
        found, lacking = _batch(self._records.collections, given)
        return {"collectionDetails": found, "collectionErrorDetails": lacking}

    def _update_collection(self, given: Record) -> Record:
        held = _by_id(self._records.collections, given["id"], "Collection")
        held |= {key: value for key, value in given.items() if key in ("description", "deletionProtection")}
        return {"updateCollectionDetail": _without(held, "standbyReplicas", "collectionGroupName", *ENDPOINT_FIELDS)}

    def _delete_collection(self, given: Record) -> Record:
        held = _by_id(self._records.collections, given["id"], "Collection")
        if held["deletionProtection"] == "ENABLED":
            raise validation_error(f"Collection {held['name']} has deletion protection enabled")
        del self._records.collections[given["id"]]
        self._dropped(given["id"])
        return {"deleteCollectionDetail": {"id": held["id"], "name": held["name"], "status": "DELETING"}}

    def _create_collection_group(self, given: Record) -> Record:
        if any(each["name"] == given["name"] for each in self._records.groups.values()):
            raise ServiceError("ConflictException", f"Collection group {given['name']} already exists", 409)
        id = secrets.token_hex(10)
        made = {key: value for key, value in given.items() if key != "clientToken"}
        arn = self._place.arn("aoss", f"collection-group/{id}")
        self._records.groups[id] = {"generation": "CLASSIC", **made, "id": id, "arn": arn, "createdDate": now()}
        return {"createCollectionGroupDetail": self._records.groups[id]}

    def _batch_get_collection_group(self, given: Record) -> Record:
        found, lacking = _batch(self._records.groups, given)
        return {"collectionGroupDetails": found, "collectionGroupErrorDetails": lacking}

    def _update_collection_group(self, given: Record) -> Record:
        held = _by_id(self._records.groups, given["id"], "Collection group")
        held |= {key: value for key, value in given.items() if key in ("description", "capacityLimits")}
        return {"updateCollectionGroupDetail": _without(held, "standbyReplicas", "tags")}

    def _delete_collection_group(self, given: Record) -> Record:
        held = _by_id(self._records.groups, given["id"], "Collection group")
        if any(each.get("collectionGroupName") == held["name"] for each in self._records.collections.values()):
            raise ServiceError("ConflictException", f"Collection group {held['name']} has collections", 409)
        del self._records.groups[given["id"]]
        return {}

    def _create_vpc_endpoint(self, given: Record) -> Record:
        id = f"vpce-0{secrets.token_hex(8)}"
        made = {key: value for key, value in given.items() if key != "clientToken"}
        self._records.endpoints[id] = {**made, "id": id, "status": "ACTIVE", "createdDate": now()}
        return {"createVpcEndpointDetail": {"id": id, "name": given["name"], "status": "PENDING"}}

    def _batch_get_vpc_endpoint(self, given: Record) -> Record:
        found, lacking = _batch(self._records.endpoints, given)
        return {"vpcEndpointDetails": found, "vpcEndpointErrorDetails": lacking}

    def _delete_vpc_endpoint(self, given: Record) -> Record:
        held = _by_id(self._records.endpoints, given["id"], "Vpc endpoint")
        del self._records.endpoints[given["id"]]
        return {"deleteVpcEndpointDetail": {"id": held["id"], "name": held["name"], "status": "DELETING"}}

    def _list_tags_for_resource(self, given: Record) -> Record:
        return {"tags": self._records.tags.get(given["resourceArn"], [])}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _check(value: Any, shape: Any, where: str) -> None:
    """Raise ServiceError for a text that breaks its pattern, length or enumeration, which botocore does not check."""
    if shape.type_name == "structure":
        for name, each in value.items():
            _check(each, shape.members[name], f"{where}.{name}".lstrip("."))
    elif shape.type_name == "list":
        for each in value:
            _check(each, shape.member, where)
    elif shape.type_name == "string":
        rules = shape.metadata
        long = not rules.get("min", 0) <= len(value) <= rules.get("max", len(value))
        pattern = rules.get("pattern")
        unlike = bool(pattern) and "\\p{" not in pattern and not re.fullmatch(pattern, value, re.DOTALL)
        if long or unlike or (shape.enum and value not in shape.enum):
            raise validation_error(
                f"1 validation error detected: Value '{value:.60}' at '{where}' failed to satisfy constraint: {rules}"
            )


def _by_id(held: dict[str, Record], id: str, what: str) -> Record:
    if id not in held:
        raise ServiceError("ResourceNotFoundException", f"{what} with ID {id} cannot be found", 404)
    return held[id]


def _batch(held: dict[str, Record], given: Record) -> tuple[list[Record], list[Record]]:
    by_name = {each["name"]: each for each in held.values()}
    asked = [("id", id, held.get(id)) for id in given.get("ids", [])]
    asked += [("name", name, by_name.get(name)) for name in given.get("names", [])]
    lacking = [
        {field: key, "errorCode": "NOT_FOUND", "errorMessage": "not found"} for field, key, each in asked if not each
    ]
    return [each for _, _, each in asked if each], lacking


def _without(record: Record, *names: str) -> Record:
    return {key: value for key, value in record.items() if key not in names}
