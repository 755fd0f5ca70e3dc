"""Which files `slipway ingest PATH…` means, and under which path each will be known."""

import glob
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from slipway_cli.errors import UsageError


@dataclass(frozen=True)
class LocalFile:
    """One file on disk, and its path in the environment (`handbook/leave.md`)."""

    file: Path
    path: str


def _base_of_pattern(pattern: str) -> Path:
    """The folder before the first part that holds a wildcard: `docs/**/*.md` -> `docs`."""
    parts: list[str] = []
    for part in Path(pattern).parts:
        if glob.has_magic(part):
            break
        parts.append(part)
    return Path(*parts) if parts else Path()


def _candidates(argument: str) -> tuple[Path, Iterable[Path]]:
    """The base folder of an argument and the files it names."""
    if not argument:
        raise UsageError("a path is empty, as a shell variable is that was never set; for the current folder say .")
    path = Path(argument)
    if path.is_dir():
        return path, path.rglob("*")
    if path.is_file():
        return path.parent, [path]
    matches = [Path(match) for match in glob.glob(argument, recursive=True)]  # noqa: PTH207 - takes absolute patterns too
    if not matches:
        raise UsageError(f"{argument}: there is no such file or folder, and as a pattern it matches nothing")
    return _base_of_pattern(argument), matches


def _files(argument: str) -> Iterator[LocalFile]:
    base, candidates = _candidates(argument)
    root = base.resolve()
    for file in sorted(candidate.absolute() for candidate in candidates):
        relative = file.resolve().relative_to(root) if file.resolve().is_relative_to(root) else None
        if relative is None or file.is_symlink() or not file.is_file():
            continue  # a link may lead out of the folder that the user named
        if not any(part.startswith(".") for part in relative.parts):
            yield LocalFile(file, f"{root.name}/{relative.as_posix()}" if root.name else relative.as_posix())


def collect(arguments: Iterable[str]) -> list[LocalFile]:
    """The files named by folders, files and glob patterns, each once, in order.

    A file's path is `<base>/<path below base>`, where the base is the folder named, the part of a pattern before its
    first wildcard, or a file's own folder; so it does not depend on the working directory. Hidden files and symbolic
    links are left out. Raises: UsageError if an argument names nothing, or two files would share a path.
    """
    found: dict[str, LocalFile] = {}
    for argument in arguments:
        for item in _files(argument):
            other = found.setdefault(item.path, item)
            if other.file != item.file:
                raise UsageError(f"{item.file} and {other.file} would both become {item.path!r}: ingest their parent")
    if not found:
        raise UsageError("no files to ingest (hidden files and symbolic links are left out)")
    return list(found.values())
