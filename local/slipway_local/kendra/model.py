"""What is stored: indexes, their fields and documents. Nothing here needs a lock of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from ..aws_json import JsonObject

# The fields that every index has. Source: https://docs.aws.amazon.com/kendra/latest/dg/hiw-index.html
RESERVED = {
    "_authors": "STRING_LIST_VALUE",
    "_category": "STRING_VALUE",
    "_created_at": "DATE_VALUE",
    "_data_source_id": "STRING_VALUE",
    "_document_title": "STRING_VALUE",
    "_excerpt_page_number": "LONG_VALUE",
    "_file_type": "STRING_VALUE",
    "_language_code": "STRING_VALUE",
    "_last_updated_at": "DATE_VALUE",
    "_source_uri": "STRING_VALUE",
    "_version": "STRING_VALUE",
    "_view_count": "LONG_VALUE",
}
KINDS = {
    "STRING_VALUE": "StringValue",
    "STRING_LIST_VALUE": "StringListValue",
    "LONG_VALUE": "LongValue",
    "DATE_VALUE": "DateValue",
}


def default_fields() -> dict[str, JsonObject]:
    """Return the fields of a new index."""
    search = {"Facetable": False, "Searchable": False, "Displayable": False, "Sortable": False}
    return {name: {"Name": name, "Type": kind, "Search": dict(search)} for name, kind in RESERVED.items()}


@dataclass(frozen=True)
class Document:
    """A document as it was put; `values` by field."""

    id: str
    title: str
    text: str
    values: dict[str, Any]


@dataclass
class Index:
    """One index. `pending`: what becomes of documents when, in order: a document, or the id of one that goes."""

    id: str
    arn: str
    name: str
    edition: str
    role_arn: str
    description: str = ""
    created: float = field(default_factory=time.time)
    fields: dict[str, JsonObject] = field(default_factory=default_fields)
    documents: dict[str, Document] = field(default_factory=dict)
    pending: list[tuple[float, Document | str]] = field(default_factory=list)

    def settle(self) -> None:
        """Do what is due."""
        now = time.time()
        while self.pending and self.pending[0][0] <= now:
            _, each = self.pending.pop(0)
            if isinstance(each, Document):
                self.documents[each.id] = each
            else:
                self.documents.pop(each, None)

    def later(self, seconds: float, changes: list[Document] | list[str]) -> None:
        """Do this to documents in a while."""
        self.pending += [(time.time() + seconds, each) for each in changes]
        self.settle()

    def shown(self) -> JsonObject:
        """Return it as DescribeIndex does."""
        text_bytes = sum(len(one.text.encode()) for one in self.documents.values())
        return {
            "Name": self.name,
            "Id": self.id,
            "Edition": self.edition,
            "RoleArn": self.role_arn,
            "Status": "ACTIVE",
            "Description": self.description,
            "CreatedAt": self.created,
            "UpdatedAt": self.created,
            "DocumentMetadataConfigurations": list(self.fields.values()),
            "IndexStatistics": {
                "FaqStatistics": {"IndexedQuestionAnswersCount": 0},
                "TextDocumentStatistics": {
                    "IndexedTextDocumentsCount": len(self.documents),
                    "IndexedTextBytes": text_bytes,
                },
            },
            "CapacityUnits": {"StorageCapacityUnits": 0, "QueryCapacityUnits": 0},
            "UserContextPolicy": "ATTRIBUTE_FILTER",
        }

    def copy(self) -> Index:
        """Return a copy that shares the documents alone."""
        return replace(
            self, fields=dict(self.fields), documents=dict(self.documents), pending=list(self.pending)
        )  # fmt: skip


@dataclass
class Contents:
    """Everything that the service holds; `tags` by ARN."""

    indexes: dict[str, Index] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)

    def copy(self) -> Contents:
        """Return a copy to keep."""
        return Contents(
            {name: index.copy() for name, index in self.indexes.items()},
            {arn: dict(tags) for arn, tags in self.tags.items()},
        )
