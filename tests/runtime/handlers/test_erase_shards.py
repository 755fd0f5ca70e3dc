"""Erasure from one shard, with other writers beside it, and after it was stopped.

Expectations of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
"""

import dataclasses
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slipway_runtime.operate import shards
from slipway_runtime.operate.deleted import Deleted
from slipway_runtime.operate.erasure import Erasure, Overtaken
from support.erasing import ARTIFACTS, SET, A, B, C, line, versions


def of_a(s3: Any) -> Erasure:
    return Erasure(client=s3, bucket=ARTIFACTS, deleted=Deleted({A: frozenset()}), now=lambda: "2026-11-01T00:00:00Z")


@pytest.mark.capability("D11")
def test_a_writer_beside_the_erasure_loses_nothing(cloud, monkeypatch) -> None:
    s3 = cloud.s3
    shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B)])
    rewrite = Erasure._rewrite

    def overtaken(self, key, version):
        monkeypatch.setattr(Erasure, "_rewrite", rewrite)
        shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B), line(C)])
        return rewrite(self, key, version)

    monkeypatch.setattr(Erasure, "_rewrite", overtaken)
    erasure = of_a(s3)
    assert erasure.erase(SET).removed_lines == 1
    assert versions(cloud, ARTIFACTS, SET) == [line(B) + line(C)]


def test_who_is_overtaken_every_time_gives_up_and_says_so(cloud, monkeypatch) -> None:
    s3 = cloud.s3
    shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B)])
    rewrite = Erasure._rewrite

    def overtaken(self, key, version):
        shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B, n=version["VersionId"])])
        return rewrite(self, key, version)

    monkeypatch.setattr(Erasure, "_rewrite", overtaken)
    erasure = of_a(s3)
    with pytest.raises(Overtaken, match="was written by others 5 times"):
        erasure.erase(SET)


@pytest.mark.capability("D11")
def test_large_shards_are_written_in_parts_and_never_held(cloud, monkeypatch) -> None:
    """Parts of 5 MiB and more: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
    s3, pad = cloud.s3, "x" * 1_000_000
    monkeypatch.setattr(shards, "PART_BYTES", 5 << 20)
    lines = [line(A if number % 4 == 0 else B, number=number, pad=pad) for number in range(24)]
    shards.put_shard(s3, ARTIFACTS, SET, iter(lines))
    assert s3.head_object(Bucket=ARTIFACTS, Key=SET)["ETag"].strip('"').endswith("-4")
    erasure = of_a(s3)
    erased = erasure.erase(SET)
    assert (erased.lines, erased.versions) == ({A: 6}, 0)
    assert versions(cloud, ARTIFACTS, SET) == [b"".join(each for each in lines if A.encode() not in each)]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=ARTIFACTS)


@pytest.mark.capability("D11")
def test_a_deletion_that_was_stopped_between_writing_and_removing_versions_is_finished(cloud, monkeypatch) -> None:
    s3 = cloud.s3
    shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B)])
    erasure = of_a(s3)
    note = Erasure._note
    monkeypatch.setattr(Erasure, "_note", lambda *_: (_ for _ in ()).throw(ConnectionError("stopped here")))
    with pytest.raises(ConnectionError):
        erasure.erase(SET)
    assert len(versions(cloud, ARTIFACTS, SET)) == 2
    monkeypatch.setattr(Erasure, "_note", note)
    assert erasure.erase(SET).versions == 1
    assert versions(cloud, ARTIFACTS, SET) == [line(B)]


@pytest.mark.capability("D11")
def test_old_versions_behind_a_delete_marker_go_too(cloud) -> None:
    s3 = cloud.s3
    shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B)])
    s3.delete_object(Bucket=ARTIFACTS, Key=SET)
    erasure = of_a(s3)
    assert erasure.erase(SET).versions == 1
    with pytest.raises(ClientError, match=r"does not exist"):
        s3.get_object(Bucket=ARTIFACTS, Key=SET)


@pytest.mark.capability("D11")
def test_what_else_is_about_the_lines_goes_before_them_and_what_came_meanwhile_goes_after(cloud) -> None:
    """A person labels an item while its line is being erased: that label is removed too."""
    s3, said = cloud.s3, {"before"}
    shards.put_shard(s3, ARTIFACTS, SET, [line(A), line(B), line(A)])

    def forget(key: str, numbers: list[int]) -> None:
        assert (key, numbers) == (SET, [1, 3])
        said.clear()
        if s3.get_object(Bucket=ARTIFACTS, Key=SET)["Body"].read() != line(B):
            said.add("meanwhile")  # the lines still stand, so that people may still say something of them

    erasure = dataclasses.replace(of_a(s3), forget=forget)
    assert erasure.erase(SET).removed_lines == 2
    assert said == set()
