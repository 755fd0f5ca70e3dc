from pathlib import Path

import pytest

from slipway_cli.collect import collect
from slipway_cli.errors import UsageError


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    for name in ("leave.md", "it/laptops.md", ".git/config", ".hidden.md"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return folder


def paths(*arguments: object) -> list[str]:
    return [item.path for item in collect(map(str, arguments))]


def test_a_folder_gives_every_file_below_it_without_hidden_ones(handbook: Path) -> None:
    assert paths(handbook) == ["handbook/it/laptops.md", "handbook/leave.md"]


def test_paths_do_not_depend_on_how_the_folder_is_named(handbook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absolute = paths(handbook)
    monkeypatch.chdir(handbook)
    assert paths(".") == absolute
    monkeypatch.chdir(handbook.parent)
    assert paths("handbook") == paths("handbook/") == absolute


def test_a_file_and_a_pattern_give_the_same_path_as_their_folder(handbook: Path) -> None:
    assert paths(handbook / "leave.md") == ["handbook/leave.md"]
    assert paths(f"{handbook}/*.md") == ["handbook/leave.md"]
    assert paths(f"{handbook}/**/*.md") == ["handbook/it/laptops.md", "handbook/leave.md"]


def test_the_same_file_named_twice_is_taken_once(handbook: Path) -> None:
    assert paths(handbook, handbook / "leave.md") == ["handbook/it/laptops.md", "handbook/leave.md"]


def test_symbolic_links_are_left_out(handbook: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("not for ingestion")
    (handbook / "link.md").symlink_to(secret)
    (handbook / "linked-folder").symlink_to(tmp_path)
    assert paths(handbook) == ["handbook/it/laptops.md", "handbook/leave.md"]


def test_two_files_with_one_path_are_refused(handbook: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "handbook"
    other.mkdir(parents=True)
    (other / "leave.md").write_text("another")
    with pytest.raises(UsageError, match=r"would both become 'handbook/leave\.md'"):
        paths(handbook, other)


@pytest.mark.parametrize("argument", ["no-such-folder", "no-*.md"])
def test_what_names_nothing_is_an_error(argument: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="matches nothing"):
        paths(argument)


def test_an_empty_argument_is_not_the_current_folder(handbook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(handbook)
    with pytest.raises(UsageError, match="a path is empty"):
        paths("")


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no files"):
        paths(tmp_path)
