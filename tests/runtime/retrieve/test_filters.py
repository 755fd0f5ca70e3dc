import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_runtime.retrieve.filters import Compare, Compound, Equals, InvalidFilter, Not, OneOf, matches, parse


def test_the_json_of_openai_is_read_with_not_beside_and_and_or() -> None:
    given_json = {
        "type": "and",
        "filters": [
            {"type": "eq", "key": "language", "value": "en"},
            {"type": "or", "filters": [{"type": "gte", "key": "page", "value": 3}]},
            {"type": "not", "filter": {"type": "in", "key": "tags", "value": ["old", 1]}},
        ],
    }
    assert parse(given_json) == Compound(
        "and",
        (
            Equals("eq", "language", "en"),
            Compound("or", (Compare("gte", "page", 3),)),
            Not(OneOf("in", "tags", ("old", 1))),
        ),
    )


@pytest.mark.parametrize(
    ("given_json", "message"),
    [
        ("x", "filter is a string, expected an object"),
        ({}, "filter.type is None, expected one of"),
        ({"type": "like"}, "filter.type is 'like'"),
        ({"type": "eq", "key": "tenant", "value": "b"}, "filter.key must be a name"),
        ({"type": "eq", "key": 'a"b', "value": "b"}, "filter.key must be a name"),
        ({"type": "eq", "key": "a", "value": None}, "filter.value must be a string"),
        ({"type": "eq", "key": "a", "value": "\ud800"}, "filter.value must be a string"),
        ({"type": "eq", "key": "a", "value": 1e300}, "filter.value must be a string"),
        ({"type": "gt", "key": "a", "value": "5"}, "filter.value must be a number for 'gt'"),
        ({"type": "gt", "key": "a", "value": True}, "filter.value must be a number for 'gt'"),
        ({"type": "gt", "key": "a", "value": float("nan")}, "filter.value must be a number"),
        ({"type": "in", "key": "a", "value": []}, "filter.value must be a list of 1 to 100"),
        ({"type": "in", "key": "a", "value": [1, {}]}, r"filter.value\[1\] must be a string"),
        ({"type": "and", "filters": []}, "filter.filters must be a list of at least one"),
        ({"type": "and", "filters": [1]}, r"filter.filters\[0\] is a number"),
        ({"type": "eq", "key": "a", "value": 1, "tenant": "b"}, "filter has the unknown field 'tenant'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(given_json: object, message: str) -> None:
    with pytest.raises(InvalidFilter, match=message):
        parse(given_json)


def test_depth_and_number_of_comparisons_are_limited() -> None:
    deep: dict = {"type": "eq", "key": "a", "value": 1}
    for _ in range(6):
        deep = {"type": "not", "filter": deep}
    with pytest.raises(InvalidFilter, match="nested deeper than 6"):
        parse(deep)
    with pytest.raises(InvalidFilter, match="at most 50"):
        parse({"type": "and", "filters": [{"type": "eq", "key": "a", "value": 1}] * 51})


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["and", "not", "eq", "in", "gt"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "filters", "filter", "key", "value"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_no_json_is_more_than_an_invalid_filter(given_json: object) -> None:
    try:
        parse(given_json)
    except InvalidFilter as error:
        json.dumps(str(error))


def test_what_is_missing_or_of_another_kind_is_not_equal_and_in_no_range() -> None:
    held = {"year": 2024, "tags": ["a", "b"], "draft": True}
    assert matches(Equals("eq", "tags", "b"), held)
    assert not matches(Equals("ne", "tags", "b"), held)
    assert matches(Equals("ne", "missing", "b"), held)
    assert not matches(Equals("eq", "draft", 1), held)
    assert not matches(Equals("eq", "year", "2024"), held)
    assert matches(Equals("eq", "year", 2024.0), held)
    assert not matches(Compare("gt", "draft", 0), held)
    assert matches(Not(Compare("gt", "missing", 0)), held)
