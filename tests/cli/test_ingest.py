from pathlib import Path

import pytest

from slipway_cli.collect import LocalFile
from slipway_cli.errors import UsageError
from slipway_cli.ingest import _is_settled, _unusable, _Upload
from slipway_cli.project import project


def item(path: str) -> LocalFile:
    return LocalFile(Path("/tmp/x"), path)


@pytest.mark.parametrize("path", ["handbook/leave.md", "a b/ü #1 + 100% 'quoted'.md", "ä" * 400])
def test_ordinary_names_are_taken(path: str) -> None:
    assert _unusable(item(path)) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a/new\nline.md", "control characters"),
        ("a/tab\t.md", "control characters"),
        ("a/line\u2028separator.md", "control characters"),
        ("a/" + "x" * 1100, "1024"),
        ("a/\udcff.md", "UTF-8"),
    ],
)
def test_names_that_s3_or_the_platform_refuse_are_told_with_the_remedy(path: str, reason: str) -> None:
    found = _unusable(item(path))
    assert found is not None
    assert reason in found
    assert "rename" in found or "shorten" in found


def test_only_the_version_that_was_uploaded_settles_it() -> None:
    upload = _Upload("a.md", "v2", "etag")
    assert _is_settled({"version_id": "v2", "etag": "x", "status": "indexed"}, upload)
    assert not _is_settled({"version_id": "v1", "etag": "etag", "status": "indexed"}, upload)
    assert not _is_settled({"version_id": "v2", "etag": "x", "status": "deleted"}, upload)


def test_an_unknown_environment_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="there are: dev, fleet, kendra, prod, release, sandbox, search, staging"):
        project().require_environment("nope")
