"""What a document says of itself becomes attributes: from every format, bounded, and after the rules of its source."""

import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from slipway_runtime.prepare.attributes import bounds, dates, front_matter
from slipway_runtime.prepare.curate import RawObject, curate, read_line
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.redact.redact import Redact
from slipway_runtime.prepare.rules.base import RuleSet
from slipway_runtime.retrieve import filters
from slipway_runtime.retrieve.stores.contract import MAX_ATTRIBUTES_BYTES
from support.office import docx, pdf_file, stream

pytestmark = pytest.mark.capability("R7")
BODY = "\n# Heat pumps\n\nA heat pump moves heat from the cold side to the warm one, and it needs power for that.\n"


def at(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp())


def markdown(front: str, rules: RuleSet | None = None):
    return prepare(f"---\n{front}\n---\n{BODY}".encode(), "a.md", rules=rules)


def test_front_matter_gives_title_description_and_attributes() -> None:
    found = markdown(
        "title: 'Heat: a guide'\ndescription: >-\n  How heat\n  moves.\ntags: [pumps, \"heat, cold\"]\n"
        "date: 2026-02-01  # first\nversion: 3\ndraft: false\nowner:\n  - platform\n  - search\nnested:\n  a: 1\n"
    )
    assert (found.title, found.description) == ("Heat: a guide", "How heat moves.")
    assert found.attributes == {
        "media_type": "text/markdown",
        "language": "en",
        "tags": ["pumps", "heat, cold"],
        "date": at(2026, 2, 1),
        "version": 3,
        "draft": False,
        "owner": ["platform", "search"],
    }
    assert found.counts == {"attributes.dropped": 1}


def test_the_head_of_a_page_gives_them_too() -> None:
    page = (
        '<html lang="de"><head><title>T</title><meta name="description" content="Wie  Wärme wandert">'
        '<meta name="keywords" content="a, b">'
        '<meta property="article:published_time" content="2026-02-01T10:00:00+01:00">'
        '<meta name="slipway:product" content="pump"><meta name="viewport" content="x"></head><body><p>Kurz.</p></body>'
    )
    found = prepare(page.encode(), "a.html")
    assert found.description == "Wie Wärme wandert"
    assert found.attributes == {
        "media_type": "text/html",
        "language": "de",
        "tags": ["a", "b"],
        "date": at(2026, 2, 1, 9),
        "product": "pump",
    }


def test_a_pdf_gives_its_information_dictionary() -> None:
    content = stream(b"BT /F1 11 Tf 60 780 Td (A heat pump moves heat to the warm side.) Tj ET")
    info = b"<< /Title (T) /Subject (About pumps) /Keywords (heat; cold) /Author (Team) /CreationDate (D:20260201) >>"
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
        b"/Resources << /Font << /F1 3 0 R >> >> /Contents 6 0 R >>"
    )
    kids = b"<< /Type /Pages /Kids [5 0 R] /Count 1 >>"
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    data = pdf_file([b"<< /Type /Catalog /Pages 2 0 R >>", kids, font, info, page, content], "/Info 4 0 R")
    found = prepare(data, "a.pdf")
    assert found.description == "About pumps"
    expected = {"author": "Team", "tags": ["heat", "cold"], "date": at(2026, 2, 1), "media_type": "application/pdf"}
    assert {key: value for key, value in found.attributes.items() if key != "language"} == expected


def test_a_docx_gives_its_core_properties() -> None:
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
        "<dc:creator>Team</dc:creator><cp:keywords>heat, cold</cp:keywords><dc:description>About pumps</dc:description>"
        "<dcterms:created>2026-02-01T00:00:00Z</dcterms:created></cp:coreProperties>"
    )
    archive = io.BytesIO(docx("<w:p><w:r><w:t>A heat pump moves heat to the warm side.</w:t></w:r></w:p>"))
    with zipfile.ZipFile(archive, "a") as more:
        more.writestr("docProps/core.xml", core)
    found = prepare(archive.getvalue(), "a.docx")
    assert found.description == "About pumps"
    assert found.attributes["author"] == "Team"
    assert found.attributes["tags"] == ["heat", "cold"]
    assert found.attributes["date"] == at(2026, 2, 1)


def test_the_rules_of_the_source_rewrite_them_and_numbers_hide_nothing() -> None:
    rules = RuleSet(text_rules=(Redact(kinds=frozenset({"email", "card"})),), version="r")
    front = "description: ask jo@example.com\nowner: jo@example.com\ncard: 4111111111111111\ncc: [jo@example.com, me]"
    found = markdown(front, rules)
    assert "jo@example.com" not in json.dumps([found.description, found.attributes])
    assert found.attributes["card"] == "[CARD]"
    assert found.attributes["cc"] == ["[EMAIL]", "me"]
    assert found.counts["redact.email"] == 3


def test_reserved_and_too_large_ones_are_left_out_and_counted() -> None:
    front = "tenant: other\ndocument_id: x\npath: y\n" + "\n".join(f"k{n}: {'v' * 90}" for n in range(20))
    found = markdown(front)
    assert found.counts["attributes.reserved"] == 3
    assert found.counts["attributes.dropped"] >= 8
    assert found.attributes["media_type"] == "text/markdown"
    assert len(json.dumps(found.attributes, separators=(",", ":")).encode()) <= MAX_ATTRIBUTES_BYTES


def test_they_are_part_of_the_curated_line_which_stays_the_same() -> None:
    raw = RawObject(key="acme/a.md", version_id="1", data=f"---\ntags: [a]\ndescription: d\n---\n{BODY}".encode())
    line = curate(raw, RuleSet()).line()
    assert line == curate(raw, RuleSet()).line()
    read = read_line(line)
    assert (read.attributes["tags"], read.description) == (["a"], "d")
    assert read.prepared().attributes == read.attributes


def test_the_limits_are_those_of_filters_and_stores() -> None:
    assert bounds.KEY.pattern == filters.KEY.pattern
    assert bounds.MAX_BYTES == MAX_ATTRIBUTES_BYTES
    assert filters.RESERVED <= bounds.RESERVED


SCALARS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30),
    st.sampled_from(["a: b", "it's", '"q"', "# no", "- x", "true", "12", "1.5", "~", "[a]", "a # b", "x, y"]),
    st.sampled_from(["08", "-09.50"]),
    st.integers(-(10**12), 10**12),
    st.booleans(),
)


@example({"postcode": "08", "codes": ["09", "-08.5"]})
@example({"a": ";", "no": "0"})
@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.one_of(SCALARS, st.lists(SCALARS, min_size=1))))
def test_what_a_yaml_writer_writes_is_read_alike(written: dict) -> None:
    """PyYAML writes YAML 1.1, whose words yes, no, on, off and octal numbers mean others; it quotes them."""
    text = yaml.safe_dump(written, allow_unicode=True, width=10_000, sort_keys=False)
    found, left_out = front_matter.parse(text)
    for key, value in found.items():
        expected = written[key]
        if isinstance(expected, list):
            said = [str(each).lower() if isinstance(each, bool) else str(each) for each in expected]
            assert value == said
        else:
            assert value == expected
    assert left_out + len(found) + sum(value == "" for value in written.values()) == len(written)


@given(st.text(max_size=400))
def test_any_front_matter_is_read_without_harm(text: str) -> None:
    found, left_out = front_matter.parse(text)
    kept, _ = bounds.bounded(found, {"media_type": "text/plain"}, lambda value: value)
    size = len(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
    assert left_out >= 0
    assert size <= bounds.MAX_BYTES
    assert all(filters.KEY.fullmatch(key) for key in kept)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)))
def test_dates_are_seconds(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert dates.seconds(moment.isoformat()) == int(moment.replace(tzinfo=UTC).timestamp())
    assert dates.seconds(dates.from_pdf(moment.strftime("D:%Y%m%d%H%M%SZ"))) == dates.seconds(moment.isoformat())


@pytest.mark.parametrize("text", ["2026-13-01", "yesterday", "20260201", "2026-02-01T25:00", ""])
def test_what_is_no_date_stays_text(text: str) -> None:
    assert dates.seconds(text) is None
