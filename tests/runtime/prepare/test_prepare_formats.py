"""Every format becomes the same normal form, by content first and extension second."""

import pytest

from slipway_runtime.prepare.isolate import Limits, _of_kind
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.retrieve.chunk import ChunkSettings, chunk

HTML = b"""<!doctype html><html><head><title>My  page</title><style>x{}</style><script>evil()</script></head><body>
<header>Site head</header><nav>Menu</nav><main><header><h1>Big <b>title</b></h1></header>
<p>Hello <code>x</code>
world.<br>Second line</p><h2>List</h2><ul><li>one<ul><li>nested</li></ul></li><li><p>two</p></li></ul>
<ol><li>a</li><li>b</li></ol><table><thead><tr><th>A</th><th>B</th></tr></thead><tr><td>1</td><td>x|y<br>z</td></tr></table>
<pre><code>def f():
    # comment
    return 1
</code></pre><p># not a heading</p><div style="display: none">hidden words</div><form>Name: <input></form>tail</main>
<footer>Foot</footer></body></html>"""

MANY_ATTRIBUTES = ("<html><p" + "".join(f" a{number}=1" for number in range(60_000)) + ">x").encode()


@pytest.mark.capability("D1")
def test_html_keeps_the_main_structure_and_drops_the_rest() -> None:
    document = prepare(HTML, "site/page.html")
    assert document.text == (
        "# Big title\n\nHello x world.\nSecond line\n\n## List\n\n- one\n  - nested\n- two\n\n1. a\n2. b\n\n"
        "| A | B |\n| --- | --- |\n| 1 | x\\|y z |\n\n```\ndef f():\n    # comment\n    return 1\n```\n\n"
        "\\# not a heading\n\ntail"
    )
    assert document.title == "My page"
    assert [(heading.level, heading.title) for heading in document.headings] == [(1, "Big title"), (2, "List")]
    for gone in ("Site head", "Menu", "evil", "hidden words", "Name", "Foot"):
        assert gone not in document.text


def test_html_is_recognised_under_any_name_and_a_lone_tag_in_text_is_not_html() -> None:
    assert prepare(HTML, "page.txt").media_type == "text/html"
    assert prepare(b"a <b> is a tag", "notes.txt").media_type == "text/plain"


def test_deeply_nested_html_does_not_break_the_reader() -> None:
    nested = b"<html><body>" + b"<div>" * 5_000 + b"deep" + b"</div>" * 5_000
    assert prepare(nested, "deep.html").text == "deep"


@pytest.mark.parametrize(
    "data", [b"<html><body>" + b"<div>" * 200_000 + b"x", MANY_ATTRIBUTES], ids=["nested elements", "attributes"]
)
def test_html_made_to_take_the_parsers_square_is_read_at_once(data: bytes) -> None:
    """Unbounded, the parser takes a minute for the first; with the limit here the child would be stopped."""
    assert prepare(data, "bomb.html", Limits(cpu_seconds=5)).text == "x"


def test_elements_deeper_than_browsers_nest_them_lie_side_by_side() -> None:
    page = b"<main>" + b"<div>" * 600 + b"<p>one</p><div>two</div><b>three</b>" + b"</div>" * 600 + b"<h2>four</h2>"
    assert prepare(page, "a.html").text == "one\n\ntwo three\n\n## four"


def test_text_that_is_slow_all_the_same_is_stopped_long_before_a_pdf_is() -> None:
    assert _of_kind("text/html", 2_000_000, Limits()).cpu_seconds == 15
    assert _of_kind("text/csv", 20_000_000, Limits()).cpu_seconds == 60
    assert _of_kind("application/pdf", 2_000_000, Limits()).cpu_seconds == 60


@pytest.mark.parametrize("path", ["a.md", "a.txt", "a.html", "a.csv", "a.json", "a.jsonl"])
def test_a_large_text_is_read_in_the_child_as_a_small_one_is_here(monkeypatch, path: str) -> None:
    from slipway_runtime.prepare import prepare as module

    contents = {"a.html": b"<html><title>T</title><p>caf\xc3\xa9 \xc2\xad", "a.json": b'["caf\xc3\xa9 \xc2\xad"]\n'}
    data = contents.get(path.replace("jsonl", "json"), b"# caf\xc3\xa9 \xc2\xad, b\nc,d\n")
    small = prepare(data + b" " * (module.IN_PROCESS_BYTES - len(data)), path)
    isolated: list[object] = []
    real = module.read_isolated
    monkeypatch.setattr(module, "read_isolated", lambda *given: isolated.append(given[0]) or real(*given))
    prepare(data, path)
    assert isolated == []
    assert prepare(data + b" " * module.IN_PROCESS_BYTES, path) == small
    assert isolated == [small.media_type]


@pytest.mark.parametrize(
    "text",
    [
        "# a" + " " * 300_000 + "b",
        "x" + " " * 300_000 + "y \n",
        "<!--" * 100_000,
        "---\n" * 100_000 + "x",
        "# a\n" * 30_000,
        "```\n" * 30_000,
        "| a " * 100_000,
        "Ã" * 300_000,
        '."' * 200_000,
    ],
)
@pytest.mark.timeout(20)
def test_time_grows_with_the_length_of_a_text_and_not_its_square(text: str) -> None:
    try:
        chunk(prepare(text.encode(), "a.md"), ChunkSettings(max_characters=500, overlap_characters=50))
    except Rejected as rejected:
        assert rejected.code == "empty"


@pytest.mark.capability("D1")
def test_pdf_gives_its_pages_and_title(make_pdf) -> None:
    data = make_pdf([["First page.", "It has exam-", "ples."], [], ["Third (page) text."]], title="Manual")
    document = prepare(data, "manual.pdf")
    assert document.text == "First page.\nIt has examples.\n\nThird (page) text."
    assert document.title == "Manual"
    assert document.page_at(0) == 1
    assert document.page_at(document.text.index("Third")) == 3
    assert document.page_at(document.text.index("ples.")) == 1


def test_pdf_under_a_wrong_name_is_still_a_pdf(make_pdf) -> None:
    assert prepare(make_pdf([["Some text."]]), "manual.txt").media_type == "application/pdf"


@pytest.mark.capability("D2")
def test_pdf_loses_running_heads_and_page_numbers(make_pdf) -> None:
    pages = [["ACME Manual", f"Text of part {name}.", f"Page {index}"] for index, name in enumerate("ABCDE", 1)]
    assert prepare(make_pdf(pages), "m.pdf").text == "\n\n".join(f"Text of part {name}." for name in "ABCDE")


@pytest.mark.capability("D1")
def test_docx_keeps_headings_lists_and_tables(make_docx, word_paragraph) -> None:
    row = f"<w:tr><w:tc>{word_paragraph('k')}</w:tc><w:tc>{word_paragraph('v')}</w:tc></w:tr>"
    body = word_paragraph("Intro", "Heading1") + word_paragraph("Some text.") + f"<w:tbl>{row}{row}</w:tbl>"
    document = prepare(make_docx(body), "a.docx")
    assert document.text == "# Intro\n\nSome text.\n\n| k | v |\n| --- | --- |\n| k | v |"
    assert document.title == "Intro"


@pytest.mark.capability("D1")
def test_markdown_loses_front_matter_and_comments_and_keeps_its_code() -> None:
    source = b"---\ntitle: 'The plan'\ntags: [a]\n---\nOver\n====\n\nText.<!-- todo -->\n\nUnder\n---\nMore."
    document = prepare(source, "plan.md")
    assert document.text == "# Over\n\nText.\n\n## Under\nMore."
    assert document.title == "The plan"
    code = prepare(b"# A\n\n```sh\n# no heading\n<!-- kept -->\n```\n\n## B", "c.md")
    assert [heading.title for heading in code.headings] == ["A", "B"]
    assert "<!-- kept -->" in code.text


@pytest.mark.capability("D1")
def test_plain_text_has_no_headings_even_where_lines_begin_with_a_hash() -> None:
    document = prepare(b"# comment in a config file\nkey = value", "app.conf")
    assert document.headings == []
    assert document.title == "app.conf"


@pytest.mark.capability("D1")
def test_json_lines_csv_and_json_name_their_values() -> None:
    assert prepare(b'{"a": {"b": [1, "x"]}, "c": null, "d": true}', "f.json").text == "a.b[0]: 1\na.b[1]: x\nd: true"
    assert prepare(b'[{"q": "one"}, {"q": "two"}]', "f.json").text == "Record 1\nq: one\n\nRecord 2\nq: two"
    assert prepare(b'{"q": "one"}\n\n{"q": "two"}\n', "f.jsonl").text == "Record 1\nq: one\n\nRecord 3\nq: two"
    table = prepare(b'name;price\r\n"A;B";3\r\nC;4;extra\r\n', "f.csv").text
    assert table == "Row 2: name = A;B; price = 3\nRow 3: name = C; price = 4; column 3 = extra"


def test_json_with_deep_values_is_walked_without_recursion() -> None:
    document = prepare(b'{"a":' * 900 + b"1" + b"}" * 900, "deep.json")
    assert document.text.endswith("a: 1")


@pytest.mark.capability("D1")
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("Grüße aus Köln".encode("utf-16"), "Grüße aus Köln"),
        ("plain words here".encode("utf-16-le"), "plain words here"),
        (b"\xef\xbb\xbfwith a mark", "with a mark"),
        (
            "Le café est très bon à Noël, garçon; déjà vu".encode("cp1252"),
            "Le café est très bon à Noël, garçon; déjà vu",
        ),
        ("Das ist schöner Käse, natürlich für alle.".encode("latin-1"), "Das ist schöner Käse, natürlich für alle."),
        ("cafÃ© donâ€™t".encode(), "café don\u2019t"),
        ("Привет, как дела? Это обычный текст.".encode("cp1251"), "Привет, как дела? Это обычный текст."),
    ],
)
def test_encodings_are_found_and_repaired(data: bytes, expected: str) -> None:
    assert prepare(data, "letter.txt").text == expected


def test_html_says_its_own_encoding() -> None:
    page = '<html><head><meta charset="windows-1250"></head><body>Příliš žluťoučký kůň</body></html>'
    assert prepare(page.encode("cp1250"), "a.html").text == "Příliš žluťoučký kůň"


@pytest.mark.parametrize("path", ["a.md", "a.txt", "a.csv", "a.html"])
def test_a_zero_byte_in_what_is_named_as_text_is_removed_as_other_control_characters_are(path: str) -> None:
    lines = "<html><p>One\x00 word</p>" if path == "a.html" else "First, row\nOne\x00 word, and café.\n"
    assert "One word" in prepare(lines.encode(), path).text


@pytest.mark.parametrize(
    "banner",
    [
        '<div id="onetrust-consent-sdk"><p>Accept all</p></div>',
        '<section class="site cookie-banner top">Accept all</section>',
        '<div class="cookieNotice">x</div><p id="cookie_consent">Accept all</p>',
        '<div role="navigation">Accept all</div>',
        '<div role="dialog"><p>Accept <b>all</b></p></div>',
    ],
)
@pytest.mark.capability("D2")
def test_consent_banners_and_landmarks_are_no_content(banner: str) -> None:
    content = '<p class="cookie-recipe">Bake the cookies.</p>'
    page = f'<!doctype html><html><body class="cookies-enabled">{banner}{content}{banner}</body></html>'
    text = prepare(page.encode(), "a.html").text
    assert "Bake the cookies." in text
    assert "Accept" not in text


def test_a_name_that_comes_twice_in_an_object_keeps_both_values() -> None:
    data = b'{"contract": "clause one is binding", "contract": "clause two is void", "by": {"a": 1, "a": {}}}'

    text = prepare(data, "a.json").text

    assert text == "contract: clause one is binding\ncontract: clause two is void\nby.a: 1"


@pytest.mark.parametrize(
    ("data", "row"),
    [
        ("Preis (EUR, netto);Menge (Stk, kg)\n1,50;3\n", "Preis (EUR, netto) = 1,50; Menge (Stk, kg) = 3"),
        ("a (x, y);b (x, y)\n1,50;3,00\n", "a (x, y) = 1,50; b (x, y) = 3,00"),
        ('"Name, Vorname";"Strasse, Nr"\n"Meier, A";"Weg, 1"\n', "Name, Vorname = Meier, A; Strasse, Nr = Weg, 1"),
        ('"Name; Vorname","Strasse; Nr"\n"Meier; A","Weg; 1"\n', "Name; Vorname = Meier; A; Strasse; Nr = Weg; 1"),
        ("a;b,c\nx,y\nv,w\n", "a;b = x; c = y"),
        ("sep=;\na,x;b\n1,5;2\n", "a,x = 1,5; b = 2"),
        ('"sep=|"\r\na|b\r\n1|2\r\n', "a = 1; b = 2"),
        ("sep=\t\na\tb\n1\t2\n", "a = 1; b = 2"),
        ("name\nanna\n", "name = anna"),
        ("a,b\n1,2\n1,2,3\n", "a = 1; b = 2"),
    ],
)
def test_the_sign_between_columns_is_the_one_that_gives_even_rows(data: str, row: str) -> None:
    assert prepare(data.encode(), "a.csv").text.split("\n")[0] == f"Row 2: {row}"
