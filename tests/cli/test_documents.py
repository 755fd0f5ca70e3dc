"""What `slipway documents` says of a document."""

from slipway_cli.documents import _state, _visible


def test_a_document_with_refused_records_says_how_many() -> None:
    item = {"status": "indexed", "chunks": 3, "rejected_records": 2}

    assert _state(item) == "indexed, 3 chunks, 2 records rejected"
    assert _state({"status": "rejected", "reason": "invalid_key: mend it"}) == "rejected: invalid_key: mend it"


def test_keys_send_nothing_to_the_terminal() -> None:
    assert _visible("a\x1b[31mb\n/ü.md") == "a\\u001b[31mb\\u000a/ü.md"
