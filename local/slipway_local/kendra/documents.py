"""BatchPutDocument: what the service takes, and of what it refuses, why.

Source: https://docs.aws.amazon.com/kendra/latest/APIReference/API_BatchPutDocument.html, API_Document.html and
https://docs.aws.amazon.com/kendra/latest/dg/quotas.html
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from ..aws_json import JsonObject, ServiceError
from .model import KINDS, Document, Index

MAX_FILE_BYTES, MAX_TEXT_BYTES = 50 * 1000**2, 5 * 1000**2
MAX_LIST_VALUES = 10
TEXTS = ("PLAIN_TEXT", "MD")
NOT_EMULATED = ("S3Path", "AccessControlList", "HierarchicalAccessControlList", "AccessControlConfigurationId")


def documents_of(index: Index, request: JsonObject) -> tuple[list[Document], list[JsonObject]]:
    """Return the documents to index and those that are refused. Raises: ServiceError for the request as a whole."""
    if "CustomDocumentEnrichmentConfiguration" in request:
        raise ServiceError("ValidationException", "CustomDocumentEnrichmentConfiguration is not emulated; leave it out")
    ids = [each["Id"] for each in request["Documents"]]
    if len(set(ids)) < len(ids):
        raise ServiceError("ValidationException", "Two documents of the request have one Id")
    taken: list[Document] = []
    failed: list[JsonObject] = []
    for each in request["Documents"]:
        try:
            taken.append(_document(index, each))
        except ServiceError as error:
            failed.append({"Id": each["Id"], "ErrorCode": "InvalidRequest", "ErrorMessage": error.message})
    return taken, failed


def _document(index: Index, given: JsonObject) -> Document:
    for name in NOT_EMULATED:
        if name in given:
            raise ServiceError("InvalidRequest", f"{name} is not emulated; put the text as Blob")
    if given.get("ContentType", "PLAIN_TEXT") not in TEXTS:
        raise ServiceError("InvalidRequest", f"ContentType {given['ContentType']} is not emulated: {', '.join(TEXTS)}")
    text = _text(given.get("Blob", ""))
    values: dict[str, Any] = {}
    for each in given.get("Attributes", []):
        name, field = each["Key"], index.fields.get(each["Key"])
        if field is None:
            raise ServiceError("InvalidRequest", f"The attribute {name} is not in the index's document metadata")
        if name in values:
            raise ServiceError("InvalidRequest", f"The attribute {name} is given twice")
        values[name] = value_of(each["Value"], field)
    return Document(given["Id"], given.get("Title", ""), text, values)


def value_of(given: JsonObject, field: JsonObject) -> Any:
    """Return an attribute's value. Raises: ServiceError if it is not of its field's type, or has too many members."""
    kind = KINDS[field["Type"]]
    if list(given) != [kind]:
        message = f"The value of {field['Name']} must be one {kind}, not {', '.join(given) or 'nothing'}"
        raise ServiceError("ValidationException", message)
    value = given[kind]
    if isinstance(value, list) and not 1 <= len(value) <= MAX_LIST_VALUES:
        message = f"{field['Name']} has {len(value)} strings, expected 1 to {MAX_LIST_VALUES}"
        raise ServiceError("ValidationException", message)
    if kind == "LongValue" and not -(2**63) <= value < 2**63:
        raise ServiceError("ValidationException", f"{field['Name']} is not a number of 64 bits")
    return value


def _text(blob: str) -> str:
    try:
        data = base64.b64decode(blob, validate=True)
        text = data.decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ServiceError("InvalidRequest", f"The Blob is not text in UTF-8: {error}") from error
    if len(data) > MAX_FILE_BYTES or len(text.encode()) > MAX_TEXT_BYTES:
        raise ServiceError("InvalidRequest", f"The document has {len(data)} bytes of text, at most {MAX_TEXT_BYTES}")
    return text
