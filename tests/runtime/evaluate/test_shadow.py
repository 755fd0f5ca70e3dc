"""Answers of a shadow beside those that users got.

Source of the captured lines' form:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import base64
import json
from html.parser import HTMLParser
from typing import Any

import pytest

from slipway_runtime.evaluate.shadow import comparison, exchange_of, pairs_of, similarity
from slipway_runtime.evaluate.shadow_page import page


def line(prompt: str, answer: Any, inference_id: str = "", *, encoded: bool = False) -> str:
    asked = json.dumps({"messages": [{"role": "user", "content": prompt}]})
    body = answer if isinstance(answer, str) else json.dumps(answer)
    output = {"data": body, "encoding": "JSON"}
    if encoded:
        output = {"data": base64.b64encode(body.encode()).decode(), "encoding": "BASE64"}
    data = {"endpointInput": {"data": asked, "encoding": "JSON"}, "endpointOutput": output}
    more = {"inferenceId": inference_id} if inference_id else {}
    return json.dumps({"captureData": data, "eventMetadata": {"eventId": "e", **more}, "eventVersion": "0"})


def chat(content: str) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content}}]}


PIECES = [{"choices": [{"delta": {"content": each}}]} for each in ("two ", "words")]
STREAM = "".join(f"data: {json.dumps(each)}\n\n" for each in PIECES) + "data: [DONE]\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (chat("two words"), "two words"),
        ({"generated_text": "two words"}, "two words"),
        ([{"generated_text": "two words"}], "two words"),
        (STREAM, "two words"),
        ("no JSON", "no JSON"),
    ],
)
@pytest.mark.parametrize("encoded", [False, True])
def test_answers_are_read_in_each_schema(answer: Any, words: str, encoded: bool) -> None:
    found = exchange_of(line("why?", answer, encoded=encoded))

    assert (found.prompt, found.answer) == ("why?", words)


def test_requests_are_paired_by_their_id_or_by_what_was_asked() -> None:
    main = [line("a", chat("one"), "1"), line("b", chat("two")), line("b", chat("three")), line("c", chat("four"))]
    shadow = [line("other", chat("one"), "1"), line("b", chat("2")), line("b", chat("3")), line("d", chat("5"))]

    pairs, alone = pairs_of(map(exchange_of, main), map(exchange_of, shadow))

    assert [(pair.main, pair.shadow) for pair in pairs] == [("one", "one"), ("two", "2"), ("three", "3")]
    assert alone == 1


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("The cat sat", "the CAT sat.", 1.0),
        ("a b", "c d", 0.0),
        ("a b c d", "a b", 2 * 2 / 6),
        ("", "", 1.0),
        ("", "a", 0),
    ],
)
def test_similarity_is_the_f1_of_words(one: str, other: str, expected: float) -> None:
    assert similarity(one, other) == pytest.approx(expected)


def test_the_comparison_has_agreement_lengths_and_the_worst_first() -> None:
    told = [("a b", "a b"), ("a b", "A  B"), ("a b c", "x"), ("a b", "a c d")]
    lines = [[line(str(index), chat(pair[side]), str(index)) for index, pair in enumerate(told)] for side in (0, 1)]
    pairs, _ = pairs_of(*(map(exchange_of, each) for each in lines))

    found = comparison(pairs)

    assert found["agreement"]["identical_share"] == 0.5
    assert found["length_words"]["main"] == 2.25
    assert found["length_words"]["shadow"] == 2.0
    low, high = found["length_words"]["interval_95"]
    # Differences 0, 0, -2, 1: mean -0.25, standard deviation 1.2583, standard error 0.6292.
    assert (low, high) == (
        pytest.approx(-0.25 - 1.96 * 0.6292, abs=0.01),
        pytest.approx(-0.25 + 1.96 * 0.6292, abs=0.01),
    )
    assert [pair["shadow"] for pair in found["worst"]][:2] == ["x", "a c d"]


def test_the_page_shows_what_models_wrote_and_runs_none_of_it() -> None:
    pairs, alone = pairs_of(
        [exchange_of(line("<b>", chat("<script>1</script>"), "1"))], [exchange_of(line("<b>", chat("x"), "1"))]
    )
    one = {"requests": 1.0, "failed": 0.0, "error_rate": 0.0, "mean_seconds": 0.1, "slowest_seconds": 0.1}
    report = {
        "endpoint": "e",
        "since": "s",
        "until": "u",
        "shadow_alone": alone,
        "requests": {"main": one, "shadow": one},
    }
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            tags.append(tag)

    made = page(report | comparison(pairs))
    Reader().feed(made)

    assert "script" not in tags
    assert "&lt;script&gt;1&lt;/script&gt;" in made
