"""Records of a stream, and keys that name no document, on the document path: what is refused is seen."""

import json

import pytest

from slipway_runtime.handlers import documents
from slipway_runtime.operate.rejects import rejected_share, source_of
from slipway_runtime.prepare.keys import NOWHERE, document_id
from slipway_runtime.prepare.rules.settings import read

KEY = "acme/stream/2026/11/21/19/lines.jsonl"
DATA = b'{"text": "Pumps leak."}\nthis is no json\n{"text": "Valves close."}\n{"cut": \n'


def listed(context, *, tenant: str = "acme", **query: str) -> list[dict]:
    event = {
        "httpMethod": "GET",
        "path": "/v1/documents",
        "pathParameters": None,
        "queryStringParameters": query or None,
        "body": None,
        "requestContext": {"authorizer": {"tenant": tenant}},
    }
    return json.loads(documents.handler(event, context)["body"])["data"]


@pytest.mark.capability("D9")
def test_good_records_are_found_and_each_bad_one_is_a_reject_with_its_line(cloud, context, logged) -> None:
    event = cloud.put(KEY, DATA)
    assert cloud.ingest(event) == []
    cloud.ingest(event)

    assert "Valves close." in cloud.rows(KEY)[0][1]
    rejects = sorted(cloud.rejects(), key=lambda one: one["line"])
    assert [(one["code"], int(one["line"]), one["key"]) for one in rejects] == [
        ("broken_json", 2, KEY),
        ("broken_json", 4, KEY),
    ]
    assert {one["version_id"] for one in rejects} == {event["detail"]["object"]["version-id"]}
    assert all(one["reason"].startswith(f"line {one['line']}: ") for one in rejects)
    assert "this is no json" not in json.dumps(rejects, default=str)
    assert cloud.s3.get_object(Bucket="raw-bucket", Key=KEY)["Body"].read() == DATA, "the payload is kept"
    (shown,) = listed(context)
    assert (shown["status"], shown["rejected_records"]) == ("indexed", 2)
    metrics = [json.loads(line) for line in logged().splitlines() if "RejectedShare" in line]
    assert [(one["source"], one["RejectedShare"]) for one in metrics] == [("acme/stream", [0.5])]


@pytest.mark.capability("D1")
def test_an_object_under_an_invalid_key_is_listed_as_rejected_until_it_goes(cloud, context) -> None:
    keys = ["acme//x.md", "acme/../y.md", "acme/folder/", "No Tenant/z.md", "alone.md"]
    events = [cloud.put(key, "Some text.") for key in keys]
    cloud.ingest(*events)

    found = listed(context, status="rejected")
    assert {one["path"] for one in found} == {"/x.md", "../y.md", "folder/"}
    assert all(one["reason"].startswith("invalid_key: ") for one in found)
    assert {one["id"] for one in found} == {document_id(key) for key in keys[:3]}
    assert {one["path"] for one in listed(context, tenant=NOWHERE)} == {"No Tenant/z.md", "alone.md"}
    assert {one["key"] for one in cloud.rejects()} == set(keys)

    cloud.ingest(cloud.delete("acme//x.md"))
    assert {one["path"] for one in listed(context, status="rejected")} == {"../y.md", "folder/"}


@pytest.mark.capability("D1")
def test_an_empty_folder_marker_and_what_is_set_aside_are_no_documents(cloud, context) -> None:
    cloud.ingest(cloud.put("acme/folder/", ""), cloud.put("_stream-errors/acme/processing-failed/x", "text"))

    assert (listed(context), cloud.rejects()) == ([], [])


@pytest.mark.capability("D9")
def test_rejects_are_counted_by_source(cloud, logged, monkeypatch) -> None:
    rules = read('{"sources": [{"prefix": "acme/", "rules": {}}, {"prefix": "acme/mail/", "rules": {}}]}')

    assert source_of(KEY, rules) == "acme/stream"
    assert source_of("acme/mail/a.md", rules) == "acme/mail"
    assert source_of("globex/a.md", rules) == source_of("no tenant", rules) == "others"
    cloud.ingest(cloud.put("acme/bad.json", "{"), cloud.put("acme/good.md", "Text."))
    metrics = [json.loads(line) for line in logged().splitlines() if "RejectedShare" in line]
    assert [(one["source"], one["RejectedShare"]) for one in metrics] == [("others", [1.0]), ("others", [0.0])]


def test_what_was_decided_about_nothing_has_no_share() -> None:
    from slipway_runtime.operate.change import Result

    assert rejected_share(Result(outcome="stale")) is None
    assert rejected_share(Result(outcome="duplicate")) == 0.0
