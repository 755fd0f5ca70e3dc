"""What an index knows of a chunk: the fields that its documents may have, and how values stand in them.

Each attribute that can be filtered by has two fields, `t_<name>` with terms that are compared for equality, one for
each value and kind (`s:en`, `n:3.0`, `b:true`), and `n_<name>` with a number for ranges. Kendra's numbers are whole,
so that a number stands there as the bits of its double, ordered: 2.5 lies between 2 and 3.
Source: Amazon Kendra developer guide, "Creating custom document fields"; API reference, "DocumentAttributeValue".
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from typing import Any

from slipway_runtime.retrieve.filters import Attribute, Attributes, Scalar

TENANT, DOCUMENT, VERSION, ORDINAL, CHUNK = "tenant", "document", "version", "ordinal", "chunk"
OF_EVERY_CHUNK = ("document_id", "page", "path")
MAX_LIST_VALUES = 10
MAX_VALUE_CHARACTERS = 2_048
MAX_TEXT_BYTES = 64


def configuration(attributes: Iterable[str]) -> list[dict[str, Any]]:
    """Return the fields of an index whose documents can be filtered by these attributes."""
    return [
        _field(TENANT, "STRING_VALUE"),
        _field(DOCUMENT, "STRING_VALUE"),
        _field(VERSION, "STRING_VALUE", Facetable=True),
        _field(ORDINAL, "LONG_VALUE"),
        _field(CHUNK, "STRING_LIST_VALUE", Displayable=True),
        *(_field(term_field(name), "STRING_LIST_VALUE") for name in known(attributes)),
        *(_field(number_field(name), "LONG_VALUE") for name in known(attributes)),
    ]


def known(attributes: Iterable[str]) -> list[str]:
    """Return all attributes that the index can filter by."""
    return sorted({*attributes, *OF_EVERY_CHUNK})


def term_field(name: str) -> str:
    """Return the field with an attribute's terms."""
    return f"t_{name}"


def number_field(name: str) -> str:
    """Return the field with an attribute's number."""
    return f"n_{name}"


def term(value: Scalar) -> str:
    """Return a value as a term; long text as its digest."""
    if isinstance(value, bool):
        return f"b:{str(value).lower()}"
    if not isinstance(value, str):
        return f"n:{float(value) + 0.0!r}"
    return f"s:{value}" if len(value.encode()) <= MAX_TEXT_BYTES else f"s:sha256:{digest(value)}"


def ordered(value: float) -> int:
    """Return a whole number of 64 bits that lies among others as the number among numbers."""
    bits: int = struct.unpack(">q", struct.pack(">d", value + 0.0))[0]
    return bits if bits >= 0 else bits ^ 0x7FFF_FFFF_FFFF_FFFF


def digest(text: str) -> str:
    """Return 48 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:48]


def values(attributes: Attributes, names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the document attributes of those that the index knows. Raises: ValueError for more values than it takes."""
    for name in known(names):
        held = attributes.get(name)
        if held is None or held == []:  # a list of nothing is as if it were not there
            continue
        terms = _terms(held)
        if len(terms) > MAX_LIST_VALUES:
            raise ValueError(f"attribute {name} has {len(terms)} values, expected at most {MAX_LIST_VALUES}")
        yield {"Key": term_field(name), "Value": {"StringListValue": terms}}
        if isinstance(held, int | float) and not isinstance(held, bool):
            yield {"Key": number_field(name), "Value": {"LongValue": ordered(held)}}


def _terms(held: Attribute) -> list[str]:
    return [term(each) for each in dict.fromkeys(held)] if isinstance(held, list) else [term(held)]


def _field(name: str, kind: str, **search: bool) -> dict[str, Any]:
    # Nothing but the document's own text is searched: a tenant's name is no word of its documents.
    wanted = {"Facetable": False, "Searchable": False, "Displayable": False, "Sortable": False, **search}
    return {"Name": name, "Type": kind, "Search": wanted}
