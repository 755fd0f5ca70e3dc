"""What a reader leaves out is not content, and is counted."""

import io
import zipfile
from collections.abc import Callable

import pytest

from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.rejected import Scan

INVOICES = [
    [f"Invoice {number}", f"Customer {name}", "Widgets of several kinds", f"Total: {euros} EUR"]
    for number, name, euros in ((4711, "Ann", 120), (4712, "Bob", 99), (4713, "Cy", 7), (4714, "Di", 250))
]
CONTRACT = [[f"Article {number}", f"The parties agree on matter {number}.", "It holds."] for number in range(1, 6)]


@pytest.mark.parametrize("pages", [INVOICES, CONTRACT], ids=["invoices", "articles"])
def test_lines_of_pages_that_differ_in_a_number_are_content(make_pdf: Callable[..., bytes], pages: list) -> None:
    document = prepare(make_pdf(pages), "a.pdf")

    assert [line for line in document.text.split("\n") if line] == [
        line for page in pages for line in page if line != "It holds."
    ]
    assert document.counts == ({"pages.repeated_lines": 5} if pages is CONTRACT else {})


@pytest.mark.parametrize(
    "foot", ["Page {} of 12", "- {} -", "ACME, confidential, p. {}", "{}/12", "第{}页", "Seite {}", "{}"]
)
def test_a_page_number_is_one_where_it_says_so_and_grows_with_the_pages(make_pdf, foot: str) -> None:
    from slipway_runtime.prepare.formats.furniture import drop_page_furniture

    pages = [f"Text of part {name}.\n{foot.format(number)}" for number, name in enumerate("ABCDE", 7)]
    assert drop_page_furniture(pages) == ([f"Text of part {name}." for name in "ABCDE"], 5)
    shuffled = [f"Text of part {name}.\n{foot.format(number)}" for number, name in zip((9, 2, 7, 4, 1), "ABCDE")]
    assert drop_page_furniture(shuffled) == (shuffled, 0)


def test_a_page_without_text_and_one_that_is_damaged_are_counted(make_pdf: Callable[..., bytes]) -> None:
    data = make_pdf([["One."], [], ["Three."], ["Four."]])
    assert prepare(data, "a.pdf").counts == {"pages.blank": 1}
    damaged = data.replace(b"/Type /Page ", b"/Type /Nope ", 1)
    assert sum(prepare(damaged, "a.pdf").counts.values()) >= 1


@pytest.mark.parametrize(
    "between",
    [
        "Important notice: the pump must be stopped at once.\n\nCall 112.",
        "\nNotice\n",
        "The pump must be stopped.\nDo not open the valve.",
        "title: a\nThe pump must be stopped.",
        "# Title",
        "- one\n- two",
    ],
)
def test_prose_between_two_rules_is_no_front_matter(between: str) -> None:
    text = prepare(f"---\n{between}\n---\n\nrest\n".encode(), "a.md").text
    assert all(line.strip("# ") in text for line in between.split("\n"))


def test_what_markdown_leaves_out_is_counted() -> None:
    front = "title: T\ndate created: 2026-01-01\n# a comment\ntags:\n- a\nlist: [\n  b\n]\n\nnested:\n  a: 1"
    document = prepare(f"---\n{front}\n---\ntext <!-- a --> and <!-- b --> more".encode(), "a.md")
    assert document.text == "text  and  more"
    assert document.attributes == {"media_type": "text/markdown", "tags": ["a"], "list": ["b"]}
    assert document.counts == {"attributes.dropped": 2, "markdown.comments": 2}
