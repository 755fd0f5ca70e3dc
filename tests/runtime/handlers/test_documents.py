"""Listing, reading and deleting documents: one tenant's own, in pages, everywhere."""

import json

import pytest

from slipway_runtime.handlers import documents
from slipway_runtime.operate import catalogue
from slipway_runtime.prepare.keys import document_id


def call(context, method: str, identifier: str = "", *, tenant: str = "acme", **query: str) -> tuple[int, dict]:
    event = {
        "httpMethod": method,
        "path": f"/v1/documents/{identifier}".rstrip("/"),
        "pathParameters": {"id": identifier} if identifier else None,
        "queryStringParameters": query or None,
        "body": None,
        "requestContext": {"authorizer": {"tenant": tenant}},
    }
    answer = documents.handler(event, context)
    return answer["statusCode"], json.loads(answer["body"])


def test_documents_come_in_pages_by_path(cloud, context) -> None:
    cloud.ingest(*(cloud.put(f"acme/{name}.md", f"Text {name}.") for name in ("d", "a", "guides/x", "c", "b")))
    cloud.ingest(cloud.put("other/z.md", "Text."))
    paths: list[str] = []
    after: dict[str, str] = {}
    for more in (True, True, False):
        status, page = call(context, "GET", limit="2", **after)
        assert (status, page["object"], page["has_more"]) == (200, "list", more)
        paths += [document["path"] for document in page["data"]]
        after = {"after": page["last_id"]}
    assert paths == ["a.md", "b.md", "c.md", "d.md", "guides/x.md"]
    assert [each["path"] for each in call(context, "GET", prefix="guides/")[1]["data"]] == ["guides/x.md"]
    assert call(context, "GET", tenant="nobody")[1] == {
        "object": "list",
        "data": [],
        "has_more": False,
        "last_id": None,
    }


def test_a_document_has_its_fields_and_a_rejected_one_its_reason(cloud, context) -> None:
    event = cloud.put("acme/a.md", "# Title\n\nText.")
    cloud.ingest(event, cloud.put("acme/b.json", "{"))
    status, document = call(context, "GET", document_id("acme/a.md"))
    assert status == 200
    assert "reason" not in document
    assert document.pop("updated_at").endswith("Z")
    version = event["detail"]["object"]
    assert document == {
        "id": document_id("acme/a.md"),
        "object": "document",
        "path": "a.md",
        "status": "indexed",
        "chunks": 1,
        "bytes": 14,
        "media_type": "text/markdown",
        "title": "Title",
        "version_id": version["version-id"],
        "etag": version["etag"],
    }
    [rejected] = call(context, "GET", status="rejected")[1]["data"]
    assert rejected["reason"].startswith("broken_json: not valid JSON at line 1")
    assert rejected["chunks"] == 0


@pytest.mark.capability("D10")
def test_delete_removes_every_version_the_chunks_and_marks_the_lineage(cloud, context) -> None:
    first = cloud.put("acme/a.md", "Text one.")
    cloud.ingest(first, cloud.put("acme/a.md", "Text two."), cloud.put("acme/a.md.bak", "Other."))
    identifier = document_id("acme/a.md")
    status, body = call(context, "DELETE", identifier)
    assert (status, body["deleted"], body["removed"]) == (200, True, {"objects": 2, "curated": 2, "chunks": 1})
    assert cloud.rows("acme/a.md") == []
    assert cloud.rows("acme/a.md.bak") != []
    left = cloud.s3.list_object_versions(Bucket="raw-bucket")
    assert [version["Key"] for version in left["Versions"]] == ["acme/a.md.bak"]
    assert cloud.lineage("acme/a.md")["status"] == "deleted"
    assert call(context, "GET", identifier)[1]["status"] == "deleted"
    assert call(context, "DELETE", identifier)[0] == 404
    assert [each["path"] for each in call(context, "GET")[1]["data"]] == ["a.md.bak"]
    assert [each["path"] for each in call(context, "GET", status="deleted")[1]["data"]] == ["a.md"]
    assert cloud.ingest(first) == []
    assert cloud.rows("acme/a.md") == []


def test_another_tenants_document_does_not_exist(cloud, context) -> None:
    cloud.ingest(cloud.put("acme/a.md", "Text."))
    identifier = document_id("acme/a.md")
    for method in ("GET", "DELETE"):
        status, body = call(context, method, identifier, tenant="other")
        assert (status, body["error"]["code"]) == (404, "document_not_found")
    assert call(context, "GET", tenant="other", after=identifier)[1]["error"]["param"] == "after"
    assert cloud.rows("acme/a.md")


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "²"}, "limit"),
        ({"limit": "9" * 5_000}, "limit"),
        ({"limit": "0" * 5_000 + "1"}, "limit"),
        ({"after": "a" * 2_049}, "after"),
        ({"prefix": "é" * 513}, "prefix"),
        ({"prefix": "a\x00"}, "prefix"),
        ({"status": "lost"}, "status"),
        ({"after": "doc_none"}, "after"),
    ],
)
def test_bad_queries_name_the_parameter(cloud, context, query: dict[str, str], param: str) -> None:
    status, body = call(context, "GET", **query)
    assert (status, body["error"]["param"], body["error"]["type"]) == (400, param, "invalid_request_error")


@pytest.mark.parametrize("identifier", ["a" * 2_049, "doc_" + "A" * 32, "doc_" + "a" * 33, "%00"])
def test_an_id_that_no_document_can_have_is_not_found(cloud, context, identifier: str) -> None:
    for method in ("GET", "DELETE"):
        status, body = call(context, method, identifier)
        assert (status, body["error"]["code"]) == (404, "document_not_found")


def test_many_deleted_documents_are_passed_in_bounded_steps(cloud, context, monkeypatch) -> None:
    monkeypatch.setattr(catalogue, "MAX_EXAMINED", 2)
    cloud.ingest(*(cloud.put(f"acme/{name}.md", f"Text {name}.") for name in "abcdefg"))
    for name in "abcdf":
        cloud.ingest(cloud.delete(f"acme/{name}.md"))
    paths, pages, after = [], 0, {}
    while True:
        status, page = call(context, "GET", limit="2", **after)
        assert status == 200
        paths += [document["path"] for document in page["data"]]
        pages += 1
        if not page["has_more"]:
            break
        after = {"after": page["last_id"]}
    assert paths == ["e.md", "g.md"]
    assert pages == 4


def test_other_methods_are_refused(cloud, context) -> None:
    assert call(context, "POST")[0] == 405
    assert call(context, "DELETE")[0] == 405
