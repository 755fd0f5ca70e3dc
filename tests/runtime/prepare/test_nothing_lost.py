"""What a reader leaves out is not content, and is counted."""

import io
import zipfile
from collections.abc import Callable

import pytest

from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.rejected import Scan

pytestmark = pytest.mark.capability("D1")
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
    shuffled = [
        f"Text of part {name}.\n{foot.format(number)}" for number, name in zip((9, 2, 7, 4, 1), "ABCDE", strict=True)
    ]
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


SENTENCE = "The pump must be serviced every six months by a trained person."
PARAGRAPHS = f"<p>{SENTENCE}</p>" * 5


@pytest.mark.parametrize(
    "body",
    [
        f"<form id=aspnetForm><div>{PARAGRAPHS}</div></form><div>Copyright 2024 Contoso</div>",
        f"<form id=aspnetForm><div>{PARAGRAPHS}</div></form>",
        f'<div class="page cookie-notice-shown">{PARAGRAPHS}</div><p>foot</p>',
        f"<div>{PARAGRAPHS}</div><article><h3>Related: our summer party</h3></article>",
        f"<main hidden>{PARAGRAPHS}</main>",
        f"<main hidden>loading</main><div>{PARAGRAPHS}</div>",
        f"<main aria-hidden=true>{PARAGRAPHS}</main><p>foot</p>",
        f"<div aria-hidden=true>{PARAGRAPHS}</div><p>foot</p>",
        f"<nav><ul><li><a href=x>Menu</a></ul><div>{PARAGRAPHS}</div>",
        f'<div class="cookie-banner">All cookies</div>{PARAGRAPHS}<form>Name <input></form>',
    ],
)
def test_what_tags_and_names_say_is_not_believed_against_the_text(body: str) -> None:
    document = prepare(f"<!doctype html><html><head><title>T</title></head><body>{body}</body>".encode(), "a.html")
    assert document.text.count(SENTENCE) == 5


@pytest.mark.parametrize("tag", ["body class=has-cookie-banner", "body style='visibility:hidden'", "body hidden"])
def test_a_body_is_read_whatever_its_class_or_style(tag: str) -> None:
    assert prepare(f"<html><{tag}>{PARAGRAPHS}".encode(), "a.html").text.count(SENTENCE) == 5


def test_what_a_page_leaves_out_is_counted_in_characters() -> None:
    page = f"<html><body><nav>Our menu</nav><main>{PARAGRAPHS}<p hidden>un seen</p></main><div>By me</div></body>"
    document = prepare(page.encode(), "a.html")
    assert document.text.split("\n\n") == [SENTENCE] * 5
    assert document.counts == {"html.left_out_characters": len("Ourmenu" + "unseen" + "Byme")}


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("<tr><td rowspan=2>A<td>B<tr><td>C", "| A | B |\n| --- | --- |\n|  | C |"),
        ("<tr><td colspan=2>A<td>B<tr><td>1<td>2<td>3", "| A |  | B |\n| --- | --- | --- |\n| 1 | 2 | 3 |"),
        ("<tr><th>A<th rowspan=0>B<tr><td>1<tr><td>2<td>3", "| A | B |\n| --- | --- |\n| 1 |\n| 2 |  | 3 |"),
        ("<thead><tr><th rowspan=9>A<th>B<tbody><tr><td>1<td>2", "| A | B |\n| --- | --- |\n| 1 | 2 |"),
        ("<tr><td rowspan=3>A<td>B<tr><tr><td>C", "| A | B |\n| --- | --- |\n|  | C |"),
        ("<tr><td colspan=x rowspan=-1>A<td>B", "| A | B |\n| --- | --- |"),
    ],
)
def test_a_cell_stays_in_its_column_where_others_span_rows_or_columns(table: str, rows: str) -> None:
    assert prepare(f"<!doctype html><table>{table}</table>".encode(), "a.html").text == rows


def test_spans_do_not_multiply_a_page() -> None:
    page = "<!doctype html><table>" + "<tr>" + "<td colspan=1000 rowspan=65534>a" * 500 + "<tr><td>b" * 500
    assert len(prepare(page.encode(), "a.html").text) < 20 * len(page)


def test_merged_cells_of_a_docx_keep_the_columns(make_docx, word_paragraph: Callable[..., str]) -> None:
    def cell(text: str, merge: str = "") -> str:
        return f"<w:tc><w:tcPr>{merge}</w:tcPr>{word_paragraph(text)}</w:tc>"

    first = cell("A", '<w:vMerge w:val="restart"/>') + cell("B")
    second = cell("", "<w:vMerge/>") + cell("C")
    table = f"<w:tbl><w:tr>{first}</w:tr><w:tr>{second}</w:tr></w:tbl>"
    assert prepare(make_docx(table), "a.docx").text == "| A | B |\n| --- | --- |\n|  | C |"


OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def renamed(data: bytes, main: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(out, "w") as made:
        for name in given.namelist():
            content = given.read(name).replace(b"word/document.xml", main.encode())
            made.writestr(main if name == "word/document.xml" else name, content)
    return out.getvalue()


def test_the_main_part_of_a_docx_is_found_by_its_relationship(make_docx, word_paragraph: Callable[..., str]) -> None:
    data = renamed(make_docx(word_paragraph("Hello pump")), "word/document2.xml")
    assert prepare(data, "a.docx").text == "Hello pump"


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_simple_fields_and_equations_of_a_docx_are_read(make_docx: Callable[..., bytes]) -> None:
    def math(inner: str) -> str:
        return f"<m:oMath {MATH}>{inner}</m:oMath>"

    def m(text: str) -> str:
        return f"<m:r><m:t>{text}</m:t></m:r>"

    fraction = f"<m:f><m:num>{m('a')}</m:num><m:den>{m('b')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{m('c')}</m:e><m:sup>{m('2')}</m:sup></m:sSup>"
    field = (
        f'<w:fldSimple w:instr="DATE">{run("2026")}<w:fldSimple w:instr="X">{run("-01")}</w:fldSimple></w:fldSimple>'
    )
    body = (
        f"<w:p>{run('Due: ')}{field}{run('!')}</w:p><w:p>{run('E = ')}{math(m('m') + power)}{run(' or ')}"
        f"{math(fraction)}</w:p><w:p><m:oMathPara {MATH}>{math(m('x+1'))}</m:oMathPara></w:p>"
    )
    document = prepare(make_docx(body), "a.docx")
    assert document.text == "Due: 2026-01!\n\nE = mc^(2) or (a)/(b)\n\nx+1"
    assert document.counts == {}


def test_hidden_text_of_a_docx_goes_and_is_counted(make_docx: Callable[..., bytes]) -> None:
    runs = run("hidden", "<w:vanish/>") + run("seen", '<w:vanish w:val="0"/>') + run(" too")
    document = prepare(make_docx(f"<w:p>{runs}</w:p>"), "a.docx")
    assert (document.text, document.counts) == ("seen too", {"docx.hidden_runs": 1})


def test_elements_of_a_docx_that_nobody_reads_are_counted(make_docx, word_paragraph: Callable[..., str]) -> None:
    document = prepare(make_docx(f"{word_paragraph('Text')}<w:unheardOf/>"), "a.docx")
    assert (document.text, document.counts) == ("Text", {"docx.ignored_elements": 1})


def test_a_stamp_on_a_scan_leaves_it_a_scan(make_pdf: Callable[..., bytes]) -> None:
    from support.office import page_content, stream

    picture = stream(b"q 500 0 0 700 40 40 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80 EI Q")
    stamp = stream(page_content(["Received 2024-01-01"]))
    with pytest.raises(Scan, match="9 of the 10 pages are pictures"):
        prepare(make_pdf([], contents=[stamp, *[picture] * 9]), "a.pdf")
    half = prepare(make_pdf([], contents=[stamp, picture]), "a.pdf")
    assert (half.text, half.counts) == ("Received 2024-01-01", {"pages.pictures": 1})


def test_an_unreadable_page_is_counted(make_pdf: Callable[..., bytes]) -> None:
    data = make_pdf([["One."], ["Two."], ["Three."]])
    start = data.index(b"<< /Type /Page ", data.index(b"<< /Type /Page ") + 1)
    end = data.index(b"endobj", start)
    damaged = data[:start] + b"(no page)".ljust(end - start) + data[end:]
    document = prepare(damaged, "a.pdf")
    assert document.counts == {"pages.unreadable": 1}
