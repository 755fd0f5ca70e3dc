"""Unpacked code and installed dependency locks, kept by hash so that each is made once.

A layer that carries `requirements.txt` at its root was built for Lambda's platform; here the same lock, hashes and
all, is installed for this machine's. A layer without one is used as it is.
"""

import contextlib
import fcntl
import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

RUNTIME_LOCK = Path(__file__).parent.parent / "lambda_runtime.txt"


class Packages:
    """Folders under `cache` by content hash; safe to use from several threads and processes at once."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache.resolve()

    def code(self, archive: bytes) -> Path:
        """Unpack a function's zip and return its folder. Raises ValueError for a path that leaves the folder."""
        digest = hashlib.sha256(archive).hexdigest()[:32]
        return self.once("code", digest, lambda target: _unpack(archive, target, prefix=""))

    def layer(self, archive: bytes) -> Path:
        """Return the folder of a layer's Python packages for this machine, installing its lock if it has one."""
        with zipfile.ZipFile(io.BytesIO(archive)) as content:
            lock = content.read("requirements.txt") if "requirements.txt" in content.namelist() else None
        if lock is not None:
            return self.lock(lock)
        digest = hashlib.sha256(archive).hexdigest()[:32]
        return self.once("layers", digest, lambda target: _unpack(archive, target, prefix="python/"))

    def runtime(self) -> Path:
        """Return the folder of the Lambda runtime client."""
        return self.lock(RUNTIME_LOCK.read_bytes())

    def lock(self, lock: bytes) -> Path:
        """Install a lock file with hashes for this machine and return the folder.

        Raises RuntimeError with uv's last words when it fails.
        """
        return self.once("layers-local", _lock_digest(lock), lambda target: _install(lock, target))

    def has_lock(self, lock: bytes) -> bool:
        """Return whether a lock file is installed already."""
        return self.has("layers-local", _lock_digest(lock))

    def has(self, kind: str, digest: str) -> bool:
        """Return whether a folder is made already."""
        return (self._cache / kind / digest).is_dir()

    @staticmethod
    def digest(lock: bytes) -> str:
        """Return the hash of a lock file for this machine and Python."""
        return _lock_digest(lock)

    def once(self, kind: str, digest: str, make: Callable[[Path], None]) -> Path:
        """Return the folder of this kind and digest; the first to ask makes it, others wait."""
        final = self._cache / kind / digest
        if final.is_dir():
            return final
        with _locked(self._cache / kind / f"{digest}.lock"):
            if not final.is_dir():
                partial = final.with_name(f"{digest}.partial")
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir(parents=True)
                make(partial)
                partial.rename(final)
        return final


def _lock_digest(lock: bytes) -> str:
    tag = f"{sys.implementation.cache_tag}-{sys.platform}-{os.uname().machine}".encode()
    return hashlib.sha256(tag + lock).hexdigest()[:32]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _unpack(archive: bytes, target: Path, *, prefix: str) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as content:
        for info in content.infolist():
            if info.is_dir() or not info.filename.startswith(prefix):
                continue
            path = (target / info.filename.removeprefix(prefix)).resolve()
            if not path.is_relative_to(target.resolve()):
                raise ValueError(f"the archive holds a path outside its folder: {info.filename!r}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read(info))
            path.chmod(0o755 if (info.external_attr >> 16) & 0o111 else 0o644)


def _install(lock: bytes, target: Path) -> None:
    requirements = target.with_suffix(".requirements.txt")
    requirements.write_bytes(lock)
    command = [sys.executable, "-m", "uv", "pip", "install", "--system-certs", "--quiet", "--require-hashes"]
    done = subprocess.run(
        [*command, "--python", sys.executable, "--target", str(target), "-r", str(requirements)],
        capture_output=True,
        text=True,
        check=False,
    )
    requirements.unlink()
    if done.returncode:
        raise RuntimeError(f"installing a layer's packages failed: {done.stderr.strip()[-2000:]}")
