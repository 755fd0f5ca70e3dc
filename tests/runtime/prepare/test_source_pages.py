"""Each kind of document has a page whose codes exist; together the pages name every code of reading."""

import re
from pathlib import Path
from typing import get_args

import pytest

from slipway_runtime.prepare.rejected import Code

PAGES = sorted((Path(__file__).parents[3] / "docs" / "sources").glob("*.md"))
# Of names, rules and storage, not of a kind of document: docs/rules.md, documents.md and deletion.md tell of them.
OF_RULES = {"archived", "invalid_key", "language_not_allowed", "low_quality", "names_not_redactable", "broken_text"}


def codes(page: Path) -> set[str]:
    rows = [line.split("|")[1] for line in page.read_text().splitlines() if line.startswith("| `")]
    return set(re.findall(r"`(\w+)`", "".join(rows)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_codes_of_a_page_exist(page: Path) -> None:
    assert codes(page)
    assert codes(page) <= set(get_args(Code))


def test_every_kind_has_a_page_and_every_code_of_reading_is_on_one() -> None:
    assert [page.stem for page in PAGES] == ["csv", "docx", "html", "json", "markdown", "pdf", "scans", "text"]
    missing = set(get_args(Code)) - OF_RULES - set().union(*map(codes, PAGES))
    assert missing == set()
