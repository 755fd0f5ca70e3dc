"""A Lambda layer of third-party packages, installed from a lock file without Docker.

Creates: one layer version whose content is `python/` (the packages, arm64 wheels for Python 3.13) and
`requirements.txt` (the lock file itself).   Grants: none.
Source: Lambda developer guide, "Packaging your layer content"; uv documentation, "Using uv with AWS Lambda".
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

# Lambda's Python 3.13 runs on Amazon Linux 2023, whose glibc is 2.34; numpy's wheels ask for 2.28.
PLATFORM, PYTHON_VERSION = "aarch64-manylinux_2_28", "3.13"
# Read once: each reading of an enumeration asks Node.
ARCHITECTURE, RUNTIME = lambda_.Architecture.ARM_64, lambda_.Runtime.PYTHON_3_13
INSTALL_SECONDS = 600


class DependencyLayer(lambda_.LayerVersion):
    """The layer. The same lock file gives the same asset, which a second synthesis does not build again.

    `lock_file`: a requirements file with hashes.   `cache`: folder that keeps what was installed.
    """

    def __init__(self, scope: Construct, construct_id: str, *, lock_file: Path, cache: Path) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"Packages of {lock_file.name}",
            compatible_architectures=[ARCHITECTURE],
            compatible_runtimes=[RUNTIME],
            code=lambda_.Code.from_asset(
                str(lock_file.parent),
                asset_hash=lock_hash(lock_file),
                asset_hash_type=cdk.AssetHashType.CUSTOM,
                bundling=cdk.BundlingOptions(
                    image=cdk.DockerImage.from_registry("unused"), local=LockedInstall(lock_file, cache)
                ),
            ),
        )


def lock_hash(lock_file: Path, python_version: str = PYTHON_VERSION) -> str:
    """Return a hash of everything that decides the layer's content, 64 hex digits."""
    return hashlib.sha256(f"{PLATFORM} {python_version}\n".encode() + lock_file.read_bytes()).hexdigest()


@jsii.implements(cdk.ILocalBundling)
class LockedInstall:
    """Installs a lock file into a folder, from the cache when the same lock was installed before."""

    def __init__(self, lock_file: Path, cache: Path, python_version: str = PYTHON_VERSION) -> None:
        self._lock_file = lock_file
        self._cache = cache
        self._python_version = python_version

    def try_bundle(self, output_dir: str, *_: Any, **__: Any) -> bool:
        """Fill `output_dir` with the layer's content. Raises: RuntimeError if the packages cannot be installed."""
        kept = self._cache / lock_hash(self._lock_file, self._python_version)
        if not kept.is_dir():
            self._install(kept)
        shutil.copytree(kept, output_dir, dirs_exist_ok=True, copy_function=_link_or_copy)
        return True

    def _install(self, kept: Path) -> None:
        """Install beside the cache entry and rename it into place, so that two processes can do this at once."""
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix="new-") as folder:
            fresh = Path(folder, "layer")
            sys.stderr.write(f"slipway: installing {self._lock_file.name} for {PLATFORM}, once for this lock file\n")
            install(self._lock_file, fresh / "python", self._python_version)
            shutil.copyfile(self._lock_file, fresh / "requirements.txt")
            try:
                fresh.rename(kept)
            except OSError:
                if not kept.is_dir():  # else another process was faster, with the same content
                    raise


def install(lock_file: Path, target: Path, python_version: str = PYTHON_VERSION) -> None:
    """Install a lock file's wheels for arm64 into a folder. Raises: RuntimeError with uv's reason if that fails."""
    command = [
        *(_uv(), "pip", "install", "--system-certs", "--quiet", "--no-progress", "--target", str(target)),
        *("--python-platform", PLATFORM, "--python-version", python_version, "--only-binary", ":all:"),
        *("--no-installer-metadata", "--require-hashes", "-r", str(lock_file)),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(
            f"installing {lock_file} took longer than {INSTALL_SECONDS} s: is the package index reachable?"
        ) from error
    if done.returncode != 0:
        raise RuntimeError(
            f"uv could not install {lock_file} for {PLATFORM}. The first synthesis needs a package index; "
            f"later ones do not.\n{done.stderr.strip()}"
        )


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise RuntimeError("uv is missing: run `make setup`, or `pip install uv` in this environment")
    return found


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
