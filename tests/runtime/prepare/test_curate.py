"""From an object to its curated document."""

import json

import pytest

from slipway_runtime.prepare.curate import RawObject, curate, read_line
from slipway_runtime.prepare.keys import document_id
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.base import RuleSet

RAW = RawObject(key="default/guide/a.md", version_id="v1", data="# Größe\n\nzwei Meter\n".encode())


def test_the_line_is_canonical_json_and_reads_back_the_same() -> None:
    document = curate(RAW, RuleSet(version="r1"))
    line = document.line()
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    fields = json.loads(line)
    assert list(fields) == sorted(fields)
    assert "Größe".encode() in line
    assert read_line(line) == document
    assert fields["document_id"] == document_id(RAW.key)
    assert (fields["tenant"], fields["path"], fields["source_version"]) == ("default", "guide/a.md", "v1")
    assert fields["rules"].endswith("/rules-r1")
    assert fields["headings"] == [[0, 1, "Größe"]]


def test_twice_gives_the_same_bytes() -> None:
    assert curate(RAW, RuleSet()).line() == curate(RAW, RuleSet()).line()


def test_chunking_gets_what_preparation_made() -> None:
    assert curate(RAW, RuleSet()).prepared() == prepare(RAW.data, "guide/a.md")


def test_a_key_that_names_no_document_is_refused() -> None:
    with pytest.raises(Rejected, match="invalid_key"):
        curate(RawObject(key="a.md", version_id="v1", data=b"text"), RuleSet())
