"""Indexes, their fields and tags.

Source: https://docs.aws.amazon.com/kendra/latest/APIReference/API_CreateIndex.html and API_UpdateIndex.html
"""

from __future__ import annotations

import builtins
import uuid

from ..aws import Place
from ..aws_json import JsonObject, ServiceError
from .model import Contents, Index

MAX_FIELDS = 500
MAX_INDEXES = 10
NOT_EMULATED = (
    *("UserTokenConfigurations", "UserGroupResolutionConfiguration", "ServerSideEncryptionConfiguration"),
    "CapacityUnits",
)


class Indexes:
    """The calls that concern indexes, not documents."""

    def __init__(self, contents: Contents, place: Place) -> None:
        self._contents = contents
        self._place = place

    def index(self, index_id: str) -> Index:
        """Return the index of that id, with all done that is due. Raises: ServiceError."""
        found = self._contents.indexes.get(index_id)
        if found is None:
            raise ServiceError("ResourceNotFoundException", f"Index not found: {index_id}")
        found.settle()
        return found

    def create(self, request: JsonObject) -> JsonObject:
        """CreateIndex. A KMS key is taken and not used: everything lies on this machine."""
        _refuse(request, set(NOT_EMULATED) - {"ServerSideEncryptionConfiguration"})
        if len(self._contents.indexes) >= MAX_INDEXES:
            raise ServiceError("ServiceQuotaExceededException", f"The account has {MAX_INDEXES} indices already")
        edition = request.get("Edition", "ENTERPRISE_EDITION")
        if request.get("UserContextPolicy", "ATTRIBUTE_FILTER") != "ATTRIBUTE_FILTER":
            raise ServiceError("ValidationException", "UserContextPolicy USER_TOKEN is not emulated")
        index_id = str(uuid.uuid4())
        made = Index(
            id=index_id,
            arn=self._place.arn("kendra", f"index/{index_id}"),
            name=request["Name"],
            edition=edition,
            role_arn=request["RoleArn"],
            description=request.get("Description", ""),
        )
        self._contents.indexes[index_id] = made
        self._contents.tags[made.arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        return {"Id": index_id}

    def update(self, request: JsonObject) -> JsonObject:
        """UpdateIndex: fields that exist keep their type; there is no way to remove one."""
        _refuse(request, set(NOT_EMULATED))
        index = self.index(request["Id"])
        fields = dict(index.fields)
        for each in request.get("DocumentMetadataConfigurationUpdates", []):
            name, held = each["Name"], fields.get(each["Name"])
            if held and held["Type"] != each["Type"]:
                message = f"The type of field {name} is {held['Type']} and cannot be changed to {each['Type']}"
                raise ServiceError("ValidationException", message)
            if held is None and name.startswith("_"):
                raise ServiceError("ValidationException", f"{name}: names with an underscore before them are reserved")
            search = {"Facetable": False, "Searchable": False, "Displayable": False, "Sortable": False}
            fields[name] = {**each, "Search": {**(held or {}).get("Search", search), **each.get("Search", {})}}
        if sum(not name.startswith("_") for name in fields) > MAX_FIELDS:
            raise ServiceError("ServiceQuotaExceededException", f"An index has at most {MAX_FIELDS} custom fields")
        index.fields = fields
        index.name = request.get("Name", index.name)
        index.role_arn = request.get("RoleArn", index.role_arn)
        index.description = request.get("Description", index.description)
        return {}

    def delete(self, request: JsonObject) -> JsonObject:
        """DeleteIndex, with its documents."""
        index = self.index(request["Id"])
        del self._contents.indexes[index.id]
        self._contents.tags.pop(index.arn, None)
        return {}

    def list(self, request: JsonObject) -> JsonObject:
        """ListIndices, in one page: there are ten at most."""
        _refuse(request, {"NextToken"})
        return {"IndexConfigurationSummaryItems": [_summary(each) for each in self._contents.indexes.values()]}

    def list_tags(self, request: JsonObject) -> JsonObject:
        """ListTagsForResource."""
        tags = self._tags(request["ResourceARN"])
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def tag(self, request: JsonObject) -> JsonObject:
        """TagResource."""
        self._tags(request["ResourceARN"]).update({tag["Key"]: tag["Value"] for tag in request["Tags"]})
        return {}

    def untag(self, request: JsonObject) -> JsonObject:
        """UntagResource."""
        for key in builtins.list(request["TagKeys"]):
            self._tags(request["ResourceARN"]).pop(key, None)
        return {}

    def _tags(self, arn: str) -> dict[str, str]:
        if arn not in self._contents.tags:
            raise ServiceError("ResourceUnavailableException", f"There is no resource {arn}")
        return self._contents.tags[arn]


def _summary(index: Index) -> JsonObject:
    shown = index.shown()
    return {key: shown[key] for key in ("Name", "Id", "Edition", "CreatedAt", "UpdatedAt", "Status")}


def _refuse(request: JsonObject, names: set[str]) -> None:
    if found := sorted(names & request.keys()):
        raise ServiceError("ValidationException", f"{found[0]} is not emulated; leave it out")
