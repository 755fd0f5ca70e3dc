"""The set of rules and its books."""

from collections import Counter

import pytest

from slipway_runtime.prepare.document import PreparedDocument
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.base import Books, Counts, Filter, Finding, RuleSet, TextRule


class Shout(TextRule):
    name = "shout"

    def rewrite(self, text: str) -> tuple[str, Counts]:
        return text.upper(), Counter(letters=sum(map(str.islower, text)), nothing=0)


class Short(Filter):
    name = "short"

    def refuse(self, document: PreparedDocument) -> Finding | None:
        length = len(document.text)
        return Finding(code="empty", reason=f"{length} characters, at least 5 wanted") if length < 5 else None


RULES = RuleSet(text_rules=(Shout(), Shout()), filters=(Short(),), version="abc")


def test_text_rules_run_in_order_on_every_section_and_the_title_and_are_counted() -> None:
    document = prepare(b"# big Title\n\nsome text", "a.md", rules=RULES)
    assert document.text == "# BIG TITLE\n\nSOME TEXT"
    assert (document.title, document.headings[0].title) == ("BIG TITLE", "BIG TITLE")
    assert document.counts == {"shout.letters": 15}


def test_the_file_name_as_title_goes_through_the_rules_too() -> None:
    assert prepare(b"plain text", "folder/name.txt", rules=RULES).title == "NAME.TXT"


def test_page_and_heading_maps_fit_the_text_that_the_rules_made() -> None:
    class Longer(TextRule):
        name = "longer"

        def rewrite(self, text: str) -> tuple[str, Counts]:
            return text.replace("x", "[REDACTED]"), Counter()

    document = prepare(b"x x x\n\n# Second\n\nbody", "a.md", rules=RuleSet(text_rules=(Longer(),)))
    assert document.text[document.headings[0].offset :].startswith("# Second")


def test_a_filter_refuses_with_its_name_and_the_measured_value() -> None:
    with pytest.raises(Rejected) as refused:
        prepare(b"abc", "a.txt", rules=RULES)
    assert (refused.value.code, refused.value.reason) == ("empty", "short: 3 characters, at least 5 wanted")


def test_the_empty_set_changes_nothing() -> None:
    assert prepare(b"some text", "a.txt", rules=RuleSet()) == prepare(b"some text", "a.txt")


def test_books_balance_only_when_every_document_is_accounted_for() -> None:
    books = Books(seen=4, kept=2, duplicates=1, rejects=Counter(empty=1))
    assert books.balanced
    books.add(Books(seen=1))
    assert not books.balanced
    books.add(Books(kept=1, changes=Counter({"redact.email": 2})))
    assert books.balanced
    assert books.changes == {"redact.email": 2}
