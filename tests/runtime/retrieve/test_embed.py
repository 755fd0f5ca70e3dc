"""Embedding keeps the order, waits out throttling with jitter, and says by type what went wrong."""

import pytest

from slipway_runtime.operate.retry import Backoff, Deadline
from slipway_runtime.retrieve.embed import Embedder, EmbeddingError
from slipway_runtime.retrieve.embedding.choose import bedrock_model

THROTTLED = (429, "ThrottlingException", {"message": "Too many requests"})


def good(*numbers: float) -> tuple[int, str, dict]:
    return 200, "", {"embedding": list(numbers), "inputTextTokenCount": 3}


def embedder(client, waits: list[float] | None = None, **changes) -> Embedder:
    waits = waits if waits is not None else []
    backoff = Backoff(base_seconds=0.5, max_attempts=5, sleep=waits.append)
    model = bedrock_model(client, "amazon.titan-embed-text-v2:0", 2)
    return Embedder(model=model, **({"backoff": backoff} | changes))


def soon() -> Deadline:
    return Deadline.after(60)


def test_the_request_is_titans(scripted_bedrock) -> None:
    scripted_bedrock.app.script = [good(0.6, 0.8)]
    assert embedder(scripted_bedrock.client).embed(["hello"], soon()) == [[0.6, 0.8]]
    path, body = scripted_bedrock.app.requests[0]
    assert path == "/model/amazon.titan-embed-text-v2:0/invoke"
    assert body == {"inputText": "hello", "dimensions": 2, "normalize": True}


def test_many_texts_keep_their_order(scripted_bedrock) -> None:
    scripted_bedrock.app.script = [good(float(index), 0.0) for index in range(30)]
    vectors = embedder(scripted_bedrock.client, concurrency=1).embed([str(index) for index in range(30)], soon())
    assert [vector[0] for vector in vectors] == [float(index) for index in range(30)]


def test_throttling_is_waited_out_with_growing_jitter(scripted_bedrock) -> None:
    waits: list[float] = []
    scripted_bedrock.app.script = [THROTTLED, THROTTLED, THROTTLED, good(1, 0)]
    assert embedder(scripted_bedrock.client, waits).embed(["a"], soon()) == [[1, 0]]
    assert len(waits) == 3
    assert all(0 <= wait <= 0.5 * 2**attempt for attempt, wait in enumerate(waits))


@pytest.mark.parametrize(
    ("answer", "code", "transient"),
    [
        (THROTTLED, "ThrottlingException", True),
        ((503, "ServiceUnavailableException", {"message": "busy"}), "ServiceUnavailableException", True),
        ((403, "AccessDeniedException", {"message": "no"}), "AccessDeniedException", False),
        ((400, "ValidationException", {"message": "bad"}), "ValidationException", False),
        (good(1, 2, 3), "WrongDimensions", False),
    ],
)
def test_what_does_not_pass_is_a_typed_error(scripted_bedrock, answer, code: str, transient: bool) -> None:
    scripted_bedrock.app.script = [answer]
    with pytest.raises(EmbeddingError) as caught:
        embedder(scripted_bedrock.client).embed(["a", "b", "c"], soon())
    assert (caught.value.code, caught.value.transient) == (code, transient)


def test_a_deadline_ends_the_waiting(scripted_bedrock) -> None:
    waits: list[float] = []
    scripted_bedrock.app.script = [THROTTLED]
    impatient = embedder(scripted_bedrock.client, waits, backoff=Backoff(base_seconds=1e9, cap_seconds=1e9))
    with pytest.raises(EmbeddingError, match="ThrottlingException"):
        impatient.embed(["a"], Deadline.after(5))
    assert waits == []


def test_nothing_is_asked_after_the_deadline(scripted_bedrock) -> None:
    scripted_bedrock.app.script = [good(1, 0)]
    with pytest.raises(EmbeddingError) as caught:
        embedder(scripted_bedrock.client).embed(["a", "b"], Deadline.after(-1))
    assert (caught.value.code, caught.value.transient) == ("DeadlineExceeded", True)
    assert scripted_bedrock.app.requests == []


def test_of_a_text_with_too_many_tokens_the_beginning_is_embedded(scripted_bedrock) -> None:
    """A token is a byte at least, so that 8,000 bytes always fit into Titan's 8,192 tokens."""
    refused = (400, "ValidationException", {"message": "400 Bad Request: Too many input tokens"})
    scripted_bedrock.app.script = [refused, good(1, 0)]
    assert embedder(scripted_bedrock.client).embed(["é" * 30_000], soon()) == [[1, 0]]
    asked = [body["inputText"] for _, body in scripted_bedrock.app.requests]
    assert [len(text) for text in asked] == [30_000, 4_000]


def test_no_more_than_titans_characters_are_sent(scripted_bedrock) -> None:
    scripted_bedrock.app.script = [good(1, 0)]
    embedder(scripted_bedrock.client).embed(["a" * 60_000], soon())
    assert len(scripted_bedrock.app.requests[0][1]["inputText"]) == 50_000
