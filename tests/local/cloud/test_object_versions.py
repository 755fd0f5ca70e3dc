"""Versions of objects, page by page.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
"""

from typing import Any

import pytest

from local.cloud.conftest import LocalCloud

pytestmark = pytest.mark.capability("O14")


@pytest.fixture(scope="module")
def s3(local_cloud: LocalCloud) -> Any:
    client = local_cloud.place.client("s3")
    client.create_bucket(Bucket="paged-versions")
    enabled = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket="paged-versions", VersioningConfiguration=enabled)
    for key in ("a", "b", "b", "c", "folder/d", "folder/e", "z"):
        client.put_object(Bucket="paged-versions", Key=key, Body=b"x")
    client.delete_object(Bucket="paged-versions", Key="c")
    return client


def keys(s3: Any, **where: Any) -> list[str]:
    page = s3.list_object_versions(Bucket="paged-versions", **where)
    entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return sorted([entry["Key"] for entry in entries] + [each["Prefix"] for each in page.get("CommonPrefixes", [])])


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("0", ["a", "b", "b", "c", "c", "folder/d", "folder/e", "z"]),
        ("a", ["b", "b", "c", "c", "folder/d", "folder/e", "z"]),
        ("aa", ["b", "b", "c", "c", "folder/d", "folder/e", "z"]),
        ("b", ["c", "c", "folder/d", "folder/e", "z"]),
        ("z", []),
    ],
)
def test_a_key_marker_alone_begins_behind_that_key(s3: Any, marker: str, expected: list[str]) -> None:
    """As a page that ends with the last version of a key; whether an object has that key is no matter."""
    assert keys(s3, KeyMarker=marker) == expected
    assert keys(s3, KeyMarker=marker, Prefix="b") == [key for key in expected if key == "b"]


def test_a_version_marker_begins_within_a_key(s3: Any) -> None:
    newest, _ = s3.list_object_versions(Bucket="paged-versions", Prefix="b")["Versions"]

    assert keys(s3, KeyMarker="b", VersionIdMarker=newest["VersionId"]) == ["b", "c", "c", "folder/d", "folder/e", "z"]


def test_pages_of_any_size_show_every_entry_once(s3: Any) -> None:
    whole = keys(s3)
    for size in (1, 2, 3, 5):
        pages = s3.get_paginator("list_object_versions").paginate(
            Bucket="paged-versions", PaginationConfig={"PageSize": size}
        )
        found = [
            entry["Key"] for page in pages for kind in ("Versions", "DeleteMarkers") for entry in page.get(kind, [])
        ]
        assert sorted(found) == whole


def test_common_prefixes_are_shown_once(s3: Any) -> None:
    assert keys(s3, Delimiter="/") == ["a", "b", "b", "c", "c", "folder/", "z"]
    assert keys(s3, Delimiter="/", KeyMarker="folder/") == ["z"]


def test_what_is_deleted_page_by_page_is_deleted_whole(s3: Any) -> None:
    for number in range(7):
        s3.put_object(Bucket="paged-versions", Key=f"many/{number}", Body=b"x")
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket="paged-versions", Prefix="many/", PaginationConfig={"PageSize": 2}
    )
    for page in pages:
        for entry in page["Versions"]:
            s3.delete_object(Bucket="paged-versions", Key=entry["Key"], VersionId=entry["VersionId"])

    assert keys(s3, Prefix="many/") == []
