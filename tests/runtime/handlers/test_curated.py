"""A document's whole path under the rules of its source: curated object, chunks, lineage, metrics, logs."""

import json

import boto3
import pytest
from botocore.stub import Stubber

from slipway_runtime.handlers import ingest_document
from slipway_runtime.operate.curated import Curated
from slipway_runtime.prepare.rules.base import RuleSet
from slipway_runtime.prepare.rules.settings import read
from slipway_runtime.prepare.time_limit import cpu_limit
from support.slow_rules import Endless

KEY = "acme/mail/a.md"
VALUES = {
    "email": "jane.doe@example.com",
    "phone": "+44 20 7946 0958",
    "card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "ssn": "219-09-9999",
    "ip": "203.0.113.77",
    "aws_key": "AKIAIOSFODNN7EXAMPLE",
    "secret": "hunter2hunter2",
}
TEXT = """# Contact {email}

Call {phone} or pay by {card} or {iban}.

## Server {ip}

{ssn} {aws_key} password={secret}
""".format(**VALUES)
RULES = {
    "default": {"languages": ["en"]},
    "sources": [{"prefix": "acme/mail/", "rules": {"redact": {"kinds": sorted(VALUES)}}}],
}


@pytest.fixture
def ruled(cloud, monkeypatch):
    def set_rules(rules: dict[str, object]) -> None:
        monkeypatch.setenv("RULES", json.dumps(rules))
        ingest_document._lifecycle.cache_clear()

    cloud.set_rules = set_rules
    set_rules(RULES)
    return cloud


@pytest.mark.capability("D3")
@pytest.mark.capability("D10")
def test_a_document_is_curated_by_the_rules_of_its_source_and_lineage_says_which(ruled) -> None:
    event = ruled.put(KEY, TEXT)
    assert ruled.ingest(event) == []
    curated, lineage, version = ruled.curated(KEY), ruled.lineage(KEY), read(json.dumps(RULES)).of(KEY).version
    assert curated["text"].startswith("# Contact [EMAIL]\n\nCall [PHONE] or pay by [CARD] or [IBAN].")
    assert curated["title"] == "Contact [EMAIL]"
    assert curated["source_version"] == event["detail"]["object"]["version-id"]
    assert [curated["text"][offset:][:9] for offset, _, _ in curated["headings"]] == ["# Contact", "## Server"]
    assert f"rules-{version}" in curated["rules"]
    assert lineage["rules"].startswith(f"{curated['rules']}/chunk-")
    assert {row[4] for row in ruled.rows(KEY)} == {lineage["rules"]}
    assert lineage["counts"] == curated["counts"] == {f"redact.{kind}": 1 for kind in VALUES}
    assert not any(value in str(ruled.rows(KEY)) for value in VALUES.values())


@pytest.mark.capability("D3")
def test_no_redacted_value_is_in_any_log_line_or_metric(ruled, logged) -> None:
    ruled.ingest(ruled.put(KEY, TEXT))
    ruled.ingest(ruled.put("acme/mail/b.md", TEXT.encode() + b"\x00" * 50), ruled.put("acme/other.md", TEXT))
    ruled.throttle("InvokeModel")
    ruled.ingest(ruled.put("acme/mail/c.md", TEXT), seconds=10.2)
    text = logged()
    assert '"RedactAwsKey":[1.0' in text
    assert '"redact.card":1' in text
    for value in [*VALUES.values(), *("".join(filter(str.isalnum, value)) for value in VALUES.values())]:
        assert value not in text
    assert "jane" not in text.lower()


def test_a_refused_document_has_its_reason_and_nothing_curated(ruled) -> None:
    ruled.set_rules({})
    ruled.ingest(ruled.put("acme/a.md", "Das ist der Text, und er ist in keiner anderen Sprache."))
    assert ruled.curated("acme/a.md")["language"] == "de"
    ruled.set_rules(RULES)
    assert ruled.ingest(ruled.put("acme/a.md", "Das ist der Text, und er ist in keiner anderen Sprache!")) == []
    assert ruled.curated_versions("acme/a.md") == []
    assert ruled.rows("acme/a.md") == []
    [note] = ruled.rejects()
    assert note["code"] == "language_not_allowed"
    assert note["reason"].startswith("languages: the text is in 'de', en is wanted")


def test_the_same_event_under_other_rules_is_curated_anew_and_under_the_same_not(ruled) -> None:
    event = ruled.put(KEY, TEXT)
    ruled.ingest(event)
    ruled.ingest(event, event)
    assert len(ruled.curated_versions(KEY)) == 1
    ruled.set_rules({})
    ruled.ingest(event)
    assert VALUES["card"] in ruled.curated(KEY)["text"]
    assert ruled.lineage(KEY)["counts"] == {}


def test_a_new_version_of_the_same_bytes_is_not_embedded_again_but_named(ruled) -> None:
    ruled.ingest(ruled.put(KEY, TEXT))
    calls, before = ruled.bedrock.calls, ruled.curated(KEY)
    again = ruled.put(KEY, TEXT)
    ruled.ingest(again)
    assert ruled.bedrock.calls == calls
    assert ruled.curated(KEY) == before | {"source_version": again["detail"]["object"]["version-id"]}
    assert ruled.lineage(KEY)["counts"] == before["counts"]


def test_a_curated_line_that_the_code_cannot_read_any_more_is_made_anew(ruled) -> None:
    ruled.ingest(ruled.put(KEY, TEXT))
    name = f"curated/acme/{ruled.curated(KEY)['document_id']}.json"
    ruled.s3.put_object(Bucket="curated-bucket", Key=name, Body=b'{"title":"old"}\n', Metadata={"sequencer": ""})
    assert ruled.ingest(ruled.put(KEY, TEXT)) == []
    assert ruled.curated(KEY)["text"].startswith("# Contact [EMAIL]")


@pytest.mark.capability("D10")
def test_a_deleted_document_has_no_curated_version_left(ruled) -> None:
    ruled.ingest(ruled.put(KEY, TEXT), ruled.put(KEY, TEXT + "\nmore"))
    assert len(ruled.curated_versions(KEY)) == 2
    ruled.ingest(ruled.delete(KEY))
    assert ruled.curated_versions(KEY) == []
    assert ruled.lineage(KEY)["counts"] == {}


def test_who_is_overtaken_after_the_store_takes_back_what_it_curated(ruled, monkeypatch) -> None:
    old, new = ruled.put(KEY, "Old text."), ruled.put(KEY, "New text.")
    put = Curated.put

    def overtaken(self, document, sequencer):
        monkeypatch.setattr(Curated, "put", put)
        ruled.ingest(new)
        return put(self, document, sequencer)

    monkeypatch.setattr(Curated, "put", overtaken)
    assert ruled.ingest(old) == []
    assert ruled.curated(KEY)["text"] == "New text."
    assert len(ruled.curated_versions(KEY)) == 1
    assert [row[1] for row in ruled.rows(KEY)] == ["New text."]


@pytest.mark.parametrize("last", ["New text.", None], ids=["replaced", "deleted"])
def test_who_stopped_before_taking_it_back_does_so_when_the_event_comes_again(ruled, monkeypatch, last) -> None:
    old = ruled.put(KEY, "Old text.")
    new = ruled.put(KEY, last) if last else ruled.delete(KEY)
    put = Curated.put

    def stopped(self, document, sequencer):
        monkeypatch.setattr(Curated, "put", put)
        ruled.ingest(new)
        put(self, document, sequencer)
        raise ConnectionError("stopped here")

    monkeypatch.setattr(Curated, "put", stopped)
    assert ruled.ingest(old) == ["0"]
    assert ruled.curated(KEY)["text"] == "Old text."
    assert ruled.ingest(old) == []
    assert (ruled.curated(KEY) or {}).get("text") == last


@pytest.mark.capability("D3")
def test_names_that_cannot_be_asked_for_now_bring_the_message_back_and_nothing_goes_on(ruled, monkeypatch) -> None:
    comprehend = boto3.client("comprehend")
    known = ingest_document.client
    monkeypatch.setattr(ingest_document, "client", lambda name: comprehend if name == "comprehend" else known(name))
    ruled.set_rules({"default": {"redact": {"kinds": ["name"]}}})
    with Stubber(comprehend) as stub:
        stub.add_client_error("detect_pii_entities", "ThrottlingException")
        assert ruled.ingest(ruled.put(KEY, "This is what Jane Doe has to say.")) == ["0"]
    assert ruled.curated_versions(KEY) == []
    assert ruled.rows(KEY) == []
    assert ruled.lineage(KEY) == {}


@pytest.mark.capability("D5")
def test_rules_that_take_too_long_reject_their_document_by_name_and_no_other(ruled, monkeypatch) -> None:
    """The search is inside the regular expression's engine, where no other thread of the process would run."""
    monkeypatch.setattr("slipway_runtime.prepare.rules.build.build", lambda *_: RuleSet(text_rules=(Endless(),)))
    monkeypatch.setattr("slipway_runtime.prepare.prepare.cpu_limit", lambda _seconds: cpu_limit(0.3))
    others = [ruled.put(f"acme/{number}.md", f"Document {number} of the batch.") for number in (1, 2)]

    assert ruled.ingest(others[0], ruled.put(KEY, "This is slow."), others[1], seconds=290) == []

    assert [row["code"] for row in ruled.rejects()] == ["too_slow"]
    assert ruled.lineage(KEY)["reason"].startswith("too_slow: endless: its rules took more than 0.3 s of CPU")
    assert [ruled.lineage(f"acme/{number}.md")["status"] for number in (1, 2)] == ["indexed", "indexed"]


def test_rules_that_cannot_be_read_bring_the_message_back(ruled, logged) -> None:
    ruled.set_rules({"default": {"redacted": {}}})
    assert ruled.ingest(ruled.put(KEY, TEXT)) == ["0"]
    assert "RULES is not a JSON object of rule sets" in logged()
    assert ruled.curated_versions(KEY) == []
