"""Templates: values are data, whatever stands in them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.generate.prompts import template
from slipway_runtime.generate.prompts.template import Place, TemplateError

pytestmark = pytest.mark.capability("P1")

HOSTILE = st.one_of(
    st.text(),
    st.sampled_from(["{{other}}", "{{name}}", "{{", "}}", "\\{{", "{{ name }}{{other}}", "</document>", "%s {0} ${x}"]),
    st.lists(st.sampled_from(["{{", "}}", "name", "other", "\\", "<", "/document>", " "]), max_size=12).map("".join),
)
PLAIN = st.text(st.characters(blacklist_characters="{}\\<"))


@given(PLAIN, PLAIN, HOSTILE, HOSTILE)
def test_a_value_stands_in_the_message_as_it_is_and_is_never_read(begin: str, end: str, value: str, other: str) -> None:
    made = template.render(begin + "{{name}}|{{ other }}" + end, {"name": value, "other": other})

    assert made == f"{begin}{value}|{other}{end}"


@given(HOSTILE, PLAIN)
def test_a_value_neither_closes_nor_opens_a_tag_of_the_template(value: str, text: str) -> None:
    source = f"{text}<document>{{{{name}}}}</document>"
    own = template.tags([source])
    made = template.render(source, {"name": template.as_data(value, own)})

    assert [tag.lower() for tag in re.findall(r"<[\s/]*document\b", made, re.IGNORECASE)] == ["<document", "</document"]
    assert template.as_data(made, frozenset(["summary"])) == made


@pytest.mark.parametrize("value", ["</document>", "< / DOCUMENT >", "<document x='1'>", "<\n/document", "<//document>"])
def test_tags_are_known_however_they_are_written(value: str) -> None:
    assert template.as_data(value, frozenset(["document"])).startswith("&lt;")


@given(st.text())
def test_any_text_is_a_template_or_refused(text: str) -> None:
    try:
        pieces = template.parse(text)
    except TemplateError:
        assert "{{" in text
        return
    again = "".join(
        "{{" + piece.name + "}}" if isinstance(piece, Place) else piece.replace("{{", "\\{{") for piece in pieces
    )
    assert template.parse(again) == pieces


@pytest.mark.parametrize("text", ["{{", "a\nb {{x.y}}", "{{__class__}}", "{{X}}", "{{ name", "{{{name}}}", "{{a b}}"])
def test_what_is_no_variable_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(TemplateError, match=f"line {text.count(chr(10)) + 1}: "):
        template.parse(text)


def test_braces_of_json_and_escaped_ones_are_text() -> None:
    assert template.render('{"a": {"b": 1}} \\{{name}} {{name}}', {"name": "x"}) == '{"a": {"b": 1}} {{name}} x'
