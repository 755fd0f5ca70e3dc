"""Redaction and filters over hostile and random text: no crash, bounded work, settled after one pass, maps that fit."""

import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.redact import addresses, assigned, broken, keys, numbers, value
from slipway_runtime.prepare.redact.redact import Redact
from slipway_runtime.prepare.redact.span import STRENGTH
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.build import build
from slipway_runtime.prepare.rules.settings import C4, FineWeb, Gopher, Quality, Redaction, Repetition, Rules

ALL = frozenset(STRENGTH) - {"name"}
PIECES = st.sampled_from(
    [
        *("4111 1111 1111 1111", "+49 30 901820", "415-555-0134", "DE89370400440532013000", "219-09-9999", "192.0.2.1"),
        *(
            "a@example.com",
            "AKIAIOSFODNN7EXAMPLE",
            "password=hunter22",
            "2001:db8:1:2:3:4:5:6",
            "-----BEGIN PRIVATE KEY-----",
        ),
        *(
            "\n",
            "\n\n",
            "# ",
            " ",
            "",
            "-",
            ".",
            ":",
            "1",
            "7",
            "x",
            "@",
            "[",
            "]",
            "[EMAIL]",
            "tel ",
            "ö",
            "\u2011",
            "|",
            " |\n| ",
            "<br>",
            "4111\n1111\n1111\n1111",
            "4111 1111\n1111 1111",
            "4111",
            "1111",
            "41111111",
            "11111111",
            "+49 30",
            "901820",
            "219-09-",
            "9999",
            "de89-3704-0044-0532-0130-00",
            "\\",
            "&#64;",
            "example.org",
            "name",
            "password",
            "value",
            "=",
            '"',
            "'",
            "$",
            "(",
            ";",
            "://u:",
            "token",
            "\u200d",
            "\u0664",
            "&nbsp;",
            "pass: ",
            "hunter22",
            "<password>",
            "</password>",
            "{",
            "...",
        ),
    ]
)
TEXT = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=30).map("".join))
STRICT = Rules(
    redact=Redaction(kinds=tuple(sorted(ALL))),
    quality=Quality(gopher=Gopher(), repetition=Repetition(), c4=C4(), fineweb=FineWeb()),
)


@pytest.mark.capability("D3")
@settings(max_examples=400, deadline=None)
@given(TEXT)
def test_redacting_twice_changes_nothing(text: str) -> None:
    once, _ = Redact(kinds=ALL).rewrite(text)
    assert Redact(kinds=ALL).rewrite(once) == (once, {})


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_headings_stay_where_their_maps_say(text: str) -> None:
    for rules in (Rules(redact=STRICT.redact), STRICT):
        try:
            document = prepare(text.encode(), "a.md", rules=build(rules))
        except Rejected:
            continue
        for heading in document.headings:
            assert document.text[heading.offset :].lstrip("#").lstrip(" \t").startswith(heading.title)


HOSTILE = {
    "digits": "1",
    "grouped": "4111 ",
    "dotted": "1.2.",
    "plus": "+1",
    "zeros": "00",
    "capitals": "GB29 A1",
    "at": "@",
    "labels": "a@a.",
    "local": "a.",
    "colons": "a:",
    "hex": "1:",
    "keys": "AKIA",
    "capital run": "A",
    "jwt": "eyJabcdefgh.",
    "pem": "-----BEGIN PRIVATE KEY-----",
    "assigned": "password=",
    "credentials": "://a:",
    "names of keys": "key:=",
    "named": "name: password, value: ",
    "unseen": "4\u200d",
    "character references": "4&nbsp;",
    "other digits": "\u0664\u0661\u00b7",
    "elements": "<password>",
    "quoted": 'password="',
    "two quotes": "password='a\"",
    "escaped quotes": 'password="\\\\',
    "prose": "token:",
    "marks at the end": "password=a)))",
    "references": "password=${",
    "signs of addresses": "://a:b@",
    "escaped": "a\\@",
    "entities": "a&#64;",
    "cells": "4111 | ",
    "broken cards": "4111\n1111\n",
    "broken telephones": "+49 30\n",
    "small accounts": "de89 3704\n",
    "dashes": "xoxb-",
    "brackets": "([{",
    "repeated words": "ab ",
    "lines": "ab\n",
}


def work(text: str) -> int:
    """Return how many lines of the library run, which unlike time does not depend on what else this machine does."""
    ran = 0

    def count(frame, event, argument):
        nonlocal ran
        if "slipway_runtime" not in frame.f_code.co_filename:
            return None
        ran += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        prepare(text.encode(), "a.txt", rules=build(STRICT))
    except Rejected:
        pass
    finally:
        sys.settrace(before)
    return ran


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_four_times_the_text_is_about_four_times_the_work(unit: str) -> None:
    small = work(unit * 1_000)
    assert work(unit * 4_000) < 8 * small + 10_000


def test_patterns_look_at_bounded_pieces() -> None:
    """The lines above do not see inside a pattern; what each may consume is bounded, or one class of characters."""
    of_lines = (numbers.CARD, numbers.IBAN, numbers.SSN, numbers.IP_V4, numbers.PHONE, numbers.LABELLED_PHONE)
    of_breaks = (numbers.BROKEN_IBAN, broken.CARD, broken.SSN, broken.PHONE, broken.TAG)
    of_names = (assigned.NAME, assigned.NAMED, assigned.CELL, assigned.ELEMENT, addresses.DOMAIN, keys.CREDENTIALS)
    of_values = (value.BEGIN, value.END, value.REFERENCE, value.STRUCTURE, value.CALL, value.ARGUMENTS, value.QUOTE_END)
    for pattern in (*of_lines, *of_breaks, *of_names, *of_values):
        assert not re.search(r"(?<!\\)[*+](?!\]|[^\[]*\])", pattern.pattern.replace(r"\+", "")), pattern.pattern
