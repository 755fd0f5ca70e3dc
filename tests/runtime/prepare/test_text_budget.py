"""A small document that gives gigabytes of text is refused while it is read, before the text exists."""

import json
import tracemalloc

import pytest

from slipway_runtime.prepare.isolate import Limits
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.rejected import Rejected

MEBIBYTE = 1024**2
DEEP: object = "x"
for _ in range(400):
    DEEP = {"k" * 2_000: DEEP}


@pytest.mark.capability("D1")
@pytest.mark.parametrize(
    ("data", "path"),
    [
        ("n" * 120_000 + ",b\n" + "1,2\n" * 20_000, "a.csv"),
        (",".join("column" for _ in range(20_000)) + "\n" + ("1," * 20_000 + "\n") * 20, "a.csv"),
        (json.dumps({"k" * 100_000: [1] * 20_000}), "a.json"),
        (json.dumps([{"k" * 100_000: [1] * 20_000}]), "a.json"),
        (json.dumps({"k" * 100_000: [1] * 20_000}) + "\n", "a.jsonl"),
        (json.dumps([DEEP, [DEEP] * 5]), "a.json"),
        ("<html><body>" + "<ul>" * 3_000 + "<li>x" * 3_000, "a.html"),
        ("word " * 400_000, "a.txt"),
        ("word " * 400_000, "a.md"),
    ],
    ids=["csv name", "csv row", "json object", "json list", "jsonl", "json depth", "html lists", "text", "markdown"],
)
def test_more_text_than_the_budget_is_refused_while_it_is_made(data: str, path: str) -> None:
    body = data.encode()
    tracemalloc.start()
    try:
        with pytest.raises(Rejected, match="split it into parts") as caught:
            prepare(body, path, Limits(text_characters=1_000_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.code == "too_large"
    assert peak < 40 * MEBIBYTE


def test_paths_and_rows_read_as_before() -> None:
    nested = {"a": {"b": [1, {"c": "x"}], "e": None}, "d": True, "f": ""}
    assert prepare(json.dumps(nested).encode(), "a.json").text == "a.b[0]: 1\na.b[1].c: x\nd: true"
    assert prepare(b'[[1, 2], "x"]', "a.json").text == "Record 1\n[0]: 1\n[1]: 2\n\nRecord 2\nx"
    assert prepare(b"a , b\n1,2,3\n\n,4\n", "a.csv").text == "Row 2: a = 1; b = 2; column 3 = 3\nRow 3: b = 4"
