"""Deletions: markers, versions that are removed for good, and those that overtake what they delete."""

import pytest

from support.garden import KEY, TEXT


@pytest.mark.capability("D10")
def test_a_delete_marker_removes_the_chunks_and_a_late_create_does_not_bring_them_back(cloud) -> None:
    created = cloud.put(KEY, TEXT)
    cloud.ingest(created)
    deleted = cloud.delete(KEY)
    assert cloud.ingest(deleted, deleted) == []
    assert cloud.rows(KEY) == []
    assert cloud.lineage(KEY)["status"] == "deleted"
    assert cloud.ingest(created) == []
    assert cloud.rows(KEY) == []
    cloud.ingest(cloud.put(KEY, TEXT))
    assert len(cloud.rows(KEY)) == 2


def test_a_delete_that_overtakes_its_create_wins(cloud) -> None:
    created = cloud.put(KEY, TEXT)
    deleted = cloud.delete(KEY)
    cloud.ingest(deleted)
    cloud.ingest(created)
    assert cloud.rows(KEY) == []
    assert cloud.lineage(KEY)["status"] == "deleted"


def test_removing_an_old_version_for_good_keeps_the_current_one(cloud) -> None:
    old = cloud.put(KEY, "Old text.")
    cloud.ingest(old)
    cloud.ingest(cloud.put(KEY, TEXT))
    before = cloud.rows(KEY)
    assert cloud.ingest(cloud.purge(KEY, old["detail"]["object"]["version-id"])) == []
    assert cloud.rows(KEY) == before
    assert cloud.lineage(KEY)["status"] == "indexed"


def test_removing_the_current_version_for_good_uncovers_the_one_before_or_nothing(cloud) -> None:
    old, new = cloud.put(KEY, "Old text."), cloud.put(KEY, TEXT)
    cloud.ingest(old, new)
    cloud.ingest(cloud.purge(KEY, new["detail"]["object"]["version-id"]))
    assert [row[1] for row in cloud.rows(KEY)] == ["Old text."]
    cloud.ingest(cloud.purge(KEY, old["detail"]["object"]["version-id"]))
    assert cloud.rows(KEY) == []
    assert cloud.lineage(KEY)["status"] == "deleted"


def test_a_version_that_is_gone_before_it_is_read_is_passed_over(cloud) -> None:
    event = cloud.put(KEY, TEXT)
    cloud.s3.delete_object(Bucket="raw-bucket", Key=KEY, VersionId=event["detail"]["object"]["version-id"])
    assert cloud.ingest(event) == []
    assert cloud.rows(KEY) == []
