"""From an object to chunks and lineage, whatever order, number and timing the events have."""

import json
import threading

import pytest

from slipway_runtime.handlers import ingest_document
from support.garden import KEY, TEXT


@pytest.mark.capability("D1")
@pytest.mark.capability("D10")
def test_a_document_becomes_chunks_with_lineage_to_object_version_and_rules(cloud) -> None:
    event = cloud.put(KEY, TEXT)
    assert cloud.ingest(event) == []
    version = event["detail"]["object"]["version-id"]
    rows = cloud.rows(KEY)
    assert [row[3] for row in rows] == ["Garden guide > Tomatoes", "Garden guide > Compost"]
    assert {row[2] for row in rows} == {version}
    current = cloud.lineage(KEY)
    assert (current["tenant"], current["path"], current["status"]) == ("acme", "guides/garden.md", "indexed")
    assert (current["version_id"], int(current["chunks"]), current["title"]) == (version, 2, "Garden guide")
    assert current["media_type"] == "text/markdown"
    assert {row[4] for row in rows} == {current["rules"]}
    history = cloud.lineage(KEY, f"version#{current['sequencer']}")
    assert history["tenant_id"] == "acme"
    assert "tenant" not in history


@pytest.mark.parametrize("kind", ["html", "txt", "pdf", "docx", "json", "jsonl", "csv"])
@pytest.mark.capability("D1")
def test_every_format_is_indexed(cloud, make_pdf, make_docx, word_paragraph, kind: str) -> None:
    words = "Tomatoes need six hours of sun."
    data = {
        "html": f"<html><body><p>{words}</p></body></html>".encode(),
        "txt": words.encode(),
        "pdf": make_pdf([[words]]),
        "docx": make_docx(word_paragraph(words)),
        "json": json.dumps({"text": words}).encode(),
        "jsonl": json.dumps({"text": words}).encode(),
        "csv": f"id,text\n1,{words}\n".encode(),
    }[kind]
    assert cloud.ingest(cloud.put(f"acme/a.{kind}", data)) == []
    [row] = cloud.rows(f"acme/a.{kind}")
    assert words in row[1]


@pytest.mark.capability("D10")
def test_the_same_event_again_changes_nothing_and_embeds_nothing(cloud) -> None:
    event = cloud.put(KEY, TEXT)
    cloud.ingest(event)
    before, calls, lineage = cloud.rows(KEY), cloud.bedrock.calls, cloud.lineage(KEY)
    assert cloud.ingest(event, event) == []
    assert (cloud.rows(KEY), cloud.bedrock.calls, cloud.lineage(KEY)) == (before, calls, lineage)


def test_the_same_content_in_a_new_version_is_not_embedded_again(cloud) -> None:
    cloud.ingest(cloud.put(KEY, TEXT))
    calls = cloud.bedrock.calls
    again = cloud.put(KEY, TEXT)
    cloud.ingest(again)
    version = again["detail"]["object"]["version-id"]
    assert cloud.bedrock.calls == calls
    assert {row[2] for row in cloud.rows(KEY)} == {version}
    assert cloud.lineage(KEY)["version_id"] == version
    assert int(cloud.lineage(KEY)["chunks"]) == 2


def test_changed_chunk_settings_index_the_same_event_again(cloud, monkeypatch) -> None:
    event = cloud.put(KEY, TEXT)
    cloud.ingest(event)
    monkeypatch.setenv("CHUNK_MAX_CHARACTERS", "100")
    monkeypatch.setenv("CHUNK_OVERLAP_CHARACTERS", "0")
    ingest_document._lifecycle.cache_clear()
    cloud.ingest(event)
    assert len(cloud.rows(KEY)) == 3
    assert "chunk-100-0" in cloud.lineage(KEY)["rules"]


@pytest.mark.capability("D10")
def test_an_older_event_after_a_newer_one_changes_nothing(cloud) -> None:
    old, new = cloud.put(KEY, TEXT), cloud.put(KEY, "# New\n\nOnly this.")
    cloud.ingest(new)
    before, lineage = cloud.rows(KEY), cloud.lineage(KEY)
    assert cloud.ingest(old) == []
    assert cloud.rows(KEY) == before
    assert cloud.lineage(KEY) == lineage


def test_a_document_that_shrinks_leaves_no_old_chunks(cloud) -> None:
    cloud.ingest(cloud.put(KEY, "\n\n".join(f"# Part {index}\n\nText {index}." for index in range(20))))
    assert len(cloud.rows(KEY)) == 20
    cloud.ingest(cloud.put(KEY, "# Part\n\nText."))
    assert [row[1] for row in cloud.rows(KEY)] == ["# Part\n\nText."]


@pytest.mark.capability("D10")
def test_one_bad_record_does_not_hold_up_the_others(cloud) -> None:
    first, second = cloud.put("acme/a.md", "Text a."), cloud.put("acme/b.md", "Text b.")
    unknown = {**first, "detail-type": "Object Restored"}
    assert cloud.ingest(first, "{not json", '{"detail": 1}', unknown, "", second) == ["1", "2", "3", "4"]
    assert cloud.rows("acme/a.md")
    assert cloud.rows("acme/b.md")


@pytest.mark.capability("D10")
def test_two_workers_at_once_leave_the_newest_version_whole(cloud) -> None:
    events = [cloud.put(KEY, f"# Version {number}\n\n" + "More words here. " * 60 * number) for number in (1, 2, 3)]
    failed: list[list[str]] = []
    threads = [threading.Thread(target=lambda each=each: failed.append(cloud.ingest(each))) for each in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [[], [], []]
    newest = events[-1]["detail"]["object"]["version-id"]
    rows = cloud.rows(KEY)
    assert {row[2] for row in rows} == {newest}
    assert rows[0][1].startswith("# Version 3")
    assert cloud.lineage(KEY)["version_id"] == newest
    assert int(cloud.lineage(KEY)["chunks"]) == len(rows)


def test_running_out_of_time_while_reading_is_no_verdict_on_the_document(cloud, make_pdf) -> None:
    assert cloud.ingest(cloud.put("acme/a.pdf", make_pdf([["Text."]])), seconds=10.05) == ["0"]
    assert cloud.rejects() == []
    assert cloud.lineage("acme/a.pdf") == {}


def test_throttling_is_waited_out(cloud) -> None:
    cloud.throttle("InvokeModel", times=3)
    assert cloud.ingest(cloud.put(KEY, TEXT)) == []
    assert len(cloud.rows(KEY)) == 2


def test_a_model_that_stays_throttled_returns_the_message_and_leaves_nothing_half_done(cloud) -> None:
    event = cloud.put(KEY, TEXT)
    cloud.throttle("InvokeModel")
    assert cloud.ingest(event, seconds=10.3) == ["0"]
    assert cloud.rows(KEY) == []
    assert cloud.lineage(KEY) == {}
    cloud.faults.clear()
    assert cloud.ingest(event) == []
    assert len(cloud.rows(KEY)) == 2


@pytest.mark.capability("R1")
def test_a_resuming_database_is_waited_for_or_the_message_returned(cloud, served_data_api) -> None:
    event = cloud.put(KEY, TEXT)
    served_data_api.pause(0.5)
    assert cloud.ingest(event, seconds=10.2) == ["0"]
    served_data_api.pause(0.5)
    assert cloud.ingest(event) == []
    assert len(cloud.rows(KEY)) == 2


def test_a_function_that_stops_between_store_and_lineage_is_put_right_by_the_next_delivery(cloud, monkeypatch) -> None:
    event = cloud.put(KEY, TEXT)
    with monkeypatch.context() as patch:
        patch.setattr(ingest_document._lifecycle(None).settling.lineage.client, "transact_write_items", _stopped)
        assert cloud.ingest(event) == ["0"]
    half_done = cloud.rows(KEY)
    assert cloud.lineage(KEY) == {}
    assert cloud.ingest(event) == []
    assert cloud.rows(KEY) == half_done
    assert cloud.lineage(KEY)["status"] == "indexed"


def _stopped(**_request):
    raise ConnectionError("stopped here")


def test_no_time_left_returns_the_rest_of_the_batch(cloud) -> None:
    assert cloud.ingest(cloud.put(KEY, TEXT), seconds=5) == ["0"]
    assert cloud.rows(KEY) == []


@pytest.mark.capability("D1")
def test_an_unreadable_version_is_noted_and_replaces_the_old_one_while_the_object_stays(cloud) -> None:
    cloud.ingest(cloud.put(KEY, TEXT))
    bad = cloud.put(KEY, b"\x89PNG\r\n\x1a\n" + b"\x00" * 100)
    assert cloud.ingest(bad) == []
    assert cloud.ingest(bad) == []
    assert cloud.rows(KEY) == []
    current = cloud.lineage(KEY)
    assert (current["status"], int(current["chunks"])) == ("rejected", 0)
    assert current["reason"].startswith("unsupported_type: the content is a PNG image")
    [note] = cloud.rejects()
    assert (note["code"], note["key"], note["rejected_at"]) == ("unsupported_type", KEY, bad["time"])
    assert note["version_id"] == bad["detail"]["object"]["version-id"]
    assert cloud.s3.get_object(Bucket="raw-bucket", Key=KEY)["ContentLength"] == int(note["bytes"]) == 108
    cloud.ingest(cloud.put(KEY, TEXT))
    assert cloud.lineage(KEY)["status"] == "indexed"
    assert len(cloud.rows(KEY)) == 2


@pytest.mark.parametrize("key", ["no-tenant.md", "acme/../etc/passwd", "ACME/x.md"])
def test_a_key_with_tricks_is_noted_and_consumed(cloud, key: str) -> None:
    assert cloud.ingest(cloud.put(key, TEXT)) == []
    [note] = cloud.rejects()
    assert (note["code"], note["key"]) == ("invalid_key", key)
    assert cloud.ingest(cloud.delete(key)) == []


def test_a_document_over_the_limit_is_refused_before_it_is_read(cloud) -> None:
    assert cloud.ingest(cloud.put(KEY, b"x" * 1_000_001)) == []
    assert cloud.rejects()[0]["code"] == "too_large"


def test_logs_hold_no_content(cloud, logged) -> None:
    cloud.ingest(cloud.put(KEY, TEXT), '{"secret words": ', cloud.put("acme/bad.json", '{"secret words": '))
    cloud.throttle("InvokeModel")
    cloud.ingest(cloud.put("acme/c.md", "secret words"), seconds=10.2)
    text = logged()
    assert "record handled" in text
    assert "record failed" in text
    for private in ("Tomatoes", "tomatoes", "secret words", "compost"):
        assert private not in text
