"""The core properties of a DOCX. Source: ECMA-376 part 2, clause 11 "Core properties"."""

import zipfile
from xml.etree import ElementTree

from slipway_runtime.prepare.attributes.bounds import Attribute, split_list

CORE = "docProps/core.xml"
MAX_BYTES = 64 * 1024
# By local name; of equal meanings the first counts.
NAMES = {
    "description": "description",
    "subject": "description",
    "creator": "author",
    "keywords": "tags",
    "created": "date",
    "modified": "modified",
    "language": "language",
    "category": "category",
}


def read_core(archive: zipfile.ZipFile) -> dict[str, Attribute]:
    """Return what the core properties say; nothing where they are missing or broken. The archive is checked already."""
    try:
        with archive.open(CORE) as part:
            root = ElementTree.fromstring(part.read(MAX_BYTES))  # noqa: S314 - a DTD has been refused
    except (KeyError, ElementTree.ParseError):
        return {}
    said = {element.tag.rpartition("}")[2]: " ".join((element.text or "").split()) for element in root}
    found: dict[str, Attribute] = {}
    for name, key in NAMES.items():
        if value := said.get(name):
            found.setdefault(key, split_list(value) if key == "tags" else value)
    return found
