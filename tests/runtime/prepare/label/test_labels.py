"""Labels through Comprehend: requests and answers in botocore's shapes, limits in bytes, offsets in characters.

Source: https://docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html
"""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from slipway_runtime.operate.retry import Backoff, Deadline
from slipway_runtime.prepare.augment.books import Verdict
from slipway_runtime.prepare.augment.outcome import Outcome
from slipway_runtime.prepare.curate import RawObject, curate
from slipway_runtime.prepare.label.classifier import MAX_BYTES, Classifier
from slipway_runtime.prepare.label.entities import MAX_BATCH_TEXT_BYTES, Entities
from slipway_runtime.prepare.label.label import Labeller
from slipway_runtime.prepare.label.record import Entity
from slipway_runtime.prepare.rules.base import RuleSet
from slipway_runtime.retrieve.chunk import ChunkSettings

pytestmark = pytest.mark.capability("D6")
ENDPOINT = "arn:aws:comprehend:eu-west-1:123456789012:document-classifier-endpoint/tickets"
QUIET = Backoff(sleep=lambda _seconds: None)


@pytest.fixture
def comprehend() -> Iterator[tuple[Any, Stubber]]:
    """A real client, whose requests and answers botocore checks against the service's model."""
    client = boto3.client("comprehend", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def entity(text: str, name: str, kind: str = "PERSON", score: float = 0.99) -> dict[str, Any]:
    begin = text.index(name)
    return {"Type": kind, "Score": score, "BeginOffset": begin, "EndOffset": begin + len(name), "Text": name}


def find(client: Any, stretches: list[tuple[int, str]], language: str = "en") -> Any:
    return Entities(client=client, backoff=QUIET).find(stretches, language, Deadline.after(60))


def test_short_texts_go_25_at_a_time_and_long_ones_alone(comprehend: Any) -> None:
    client, stub = comprehend
    # 2,501 letters of two bytes each are more than a batch takes of one text.
    long = "é" * (MAX_BATCH_TEXT_BYTES // 2 + 1)
    texts = [f"Text {at}" for at in range(26)]
    stub.add_response("detect_entities", {"Entities": []}, {"Text": long, "LanguageCode": "en"})
    for batch in (texts[:25], texts[25:]):
        expected = {"TextList": batch, "LanguageCode": "en"}
        stub.add_response("batch_detect_entities", {"ResultList": [], "ErrorList": []}, expected)

    assert find(client, [(0, long), *((9_000 + at, text) for at, text in enumerate(texts)), (1, " \n")]) == ([], 0)


def test_offsets_count_characters_of_the_document_and_an_overlap_counts_once(comprehend: Any) -> None:
    client, stub = comprehend
    document = "Ünïcode 😀 first. Maria Rossi signs. Then Jane Doe."
    first, second = document[:35], document[17:]
    results = [
        {"Index": 0, "Entities": [entity(first, "Maria Rossi")]},
        {"Index": 1, "Entities": [entity(second, "Maria Rossi"), entity(second, "Jane Doe"),
                                  entity(second, "signs", "OTHER", 0.2)]},
    ]  # fmt: skip
    stub.add_response("batch_detect_entities", {"ResultList": results, "ErrorList": []})
    found, misfits = find(client, [(0, first), (17, second)])

    assert [document[each.start : each.end] for each in found] == ["Maria Rossi", "Jane Doe"]
    assert misfits == 0
    assert found[0] == Entity(17, 28, "PERSON", 0.99)


def test_offsets_that_do_not_fit_the_text_are_counted_and_left_out(comprehend: Any) -> None:
    client, stub = comprehend
    text = "😀 Maria Rossi signs."
    in_bytes = entity(text, "Maria Rossi") | {"BeginOffset": 5, "EndOffset": 16}
    beyond = {"Type": "PERSON", "Score": 0.9, "BeginOffset": 15, "EndOffset": 99}
    results = [{"Index": 0, "Entities": [in_bytes, beyond]}]
    stub.add_response("batch_detect_entities", {"ResultList": results, "ErrorList": []})

    assert find(client, [(0, text)]) == ([], 2)


def test_a_language_that_comprehend_does_not_know_is_a_verdict(comprehend: Any) -> None:
    client, _ = comprehend
    for language in ("sv", ""):
        found = find(client, [(0, "text")], language)
        assert isinstance(found, Verdict)
        assert found.code == "language_not_supported"


def test_throttling_is_waited_out_and_other_errors_are_not_swallowed(comprehend: Any) -> None:
    client, stub = comprehend
    stub.add_client_error("batch_detect_entities", "ThrottlingException", http_status_code=400)
    stub.add_response("batch_detect_entities", {"ResultList": [], "ErrorList": []})
    assert find(client, [(0, "text")]) == ([], 0)
    errors = [{"Index": 0, "ErrorCode": "INTERNAL_SERVER_ERROR", "ErrorMessage": "m"}]
    stub.add_response("batch_detect_entities", {"ResultList": [], "ErrorList": errors})
    with pytest.raises(RuntimeError, match="refused 1 texts of a batch: INTERNAL_SERVER_ERROR"):
        find(client, [(0, "text")])


def test_the_best_class_of_an_endpoint_is_a_label_and_long_texts_are_cut_at_a_character(comprehend: Any) -> None:
    client, stub = comprehend
    text = "é" * MAX_BYTES
    expected = {"Text": "é" * (MAX_BYTES // 2), "EndpointArn": ENDPOINT}
    classes = [{"Name": "other", "Score": 0.1}, {"Name": "pumps", "Score": 0.9}]
    stub.add_response("classify_document", {"Classes": classes}, expected)
    (label,) = Classifier(client=client, endpoint_arn=ENDPOINT).classes(text, Deadline.after(60))

    assert (label.name, label.score, label.by) == ("pumps", 0.9, ENDPOINT)


def test_the_labels_of_a_document_and_their_books(comprehend: Any) -> None:
    client, stub = comprehend
    data = b"The report is by Maria Rossi and it is for all of the people in the hall."
    document = curate(RawObject(key="acme/report.txt", version_id="v1", data=data), RuleSet())
    answer = {"ResultList": [{"Index": 0, "Entities": [entity(document.text, "Maria Rossi")]}], "ErrorList": []}
    stub.add_response("batch_detect_entities", answer)
    stub.add_response("classify_document", {"Classes": []})
    labeller = Labeller(
        entities=Entities(client=client),
        classifier=Classifier(client=client, endpoint_arn=ENDPOINT),
        chunking=ChunkSettings(max_characters=1200, overlap_characters=150),
    )
    outcome = Outcome(document_id=document.document_id, key="acme/report.txt", source_version="v1", made_by="m")
    labeller.document(document, outcome, Deadline.after(60))

    assert outcome.labels
    assert outcome.labels.counts() == {"label.entity.person": 1}
    assert {kind: (tally.asked, tally.kept, tally.rejects) for kind, tally in outcome.tallies.items()} == {
        "entities": (1, 1, {}),
        "class": (1, 0, {"not_given": 1}),
    }
    assert b"Maria" not in outcome.labels.line()
