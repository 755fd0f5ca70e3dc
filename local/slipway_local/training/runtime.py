"""What a training job finds: the CPU build of torch, as a container brings it, and the job's own requirements.

    python -m slipway_local.training.runtime --cache .slipway/cache --requirements jobs/fine_tune/requirements.txt

Installed once, when first asked for. PyPI's torch for Linux brings gigabytes of CUDA libraries, and this machine's jobs
run on its CPU: the CPU build is taken, from wherever pip is set up to find one, else from PyTorch's own index.
Source: https://pytorch.org/get-started/locally/
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from slipway_local.functions.packages import Packages

TORCH = "2.13.0"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
DOWNLOAD_MEGABYTES = 400


class NoTorchError(Exception):
    """No CPU build of torch could be installed; the text says what to do."""


def is_installed(packages: Packages, requirements: bytes) -> bool:
    """Return whether torch and the requirements are there already."""
    return packages.has("torch", _digest()) and packages.has("requirements", packages.digest(requirements))


def python_path(packages: Packages, requirements: bytes) -> list[Path]:
    """Return the folders of torch and of a job's requirements (a lock without torch), installing them if need be.

    Raises: NoTorchError; RuntimeError if the requirements cannot be installed.
    """
    if not is_installed(packages, requirements):
        sys.stderr.write(
            f"slipway: installing torch {TORCH} for CPUs, about {DOWNLOAD_MEGABYTES} MB to download, once\n"
        )
        sys.stderr.flush()
    # The requirements go first: where both bring a package, the job's is the locked one.
    own = packages.once(
        "requirements", packages.digest(requirements), lambda target: install_lock(requirements, target)
    )
    return [own, packages.once("torch", _digest(), _install_torch)]


def _digest() -> str:
    return f"{TORCH}-{sys.implementation.cache_tag}-{sys.platform}-{os.uname().machine}"


def _install_torch(target: Path) -> None:
    build = f"torch=={TORCH}+cpu" if sys.platform == "linux" else f"torch=={TORCH}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--target",
        str(target),
    ]
    failed = ""
    # An index that is not asked cannot be unreachable: the second is asked only if the first has no such build.
    for index in ([], ["--extra-index-url", CPU_INDEX]):
        done = subprocess.run([*command, *index, build], capture_output=True, text=True, check=False)
        if not done.returncode:
            return
        failed = done.stderr.strip()[-1000:]
    raise NoTorchError(
        f"{build} could not be installed: {failed}\nIt comes from {CPU_INDEX}; where that cannot be reached, put its "
        "wheel into a folder, name the folder in PIP_FIND_LINKS, and ask again."
    )


def install_lock(requirements: bytes, target: Path) -> None:
    """Install a lock into a folder, and nothing that it does not name. Raises: RuntimeError."""
    file = target.with_suffix(".requirements.txt")
    file.write_bytes(requirements)
    # Without their dependencies: a lock names all of them but torch, which is there already.
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--system-certs",
        "--quiet",
        "--require-hashes",
        "--no-deps",
    ]
    done = subprocess.run(
        [*command, "--compile-bytecode", "--python", sys.executable, "--target", str(target), "-r", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    file.unlink()
    if done.returncode:
        raise RuntimeError(f"installing packages failed: {done.stderr.strip()[-2000:]}")


def main() -> None:
    """Install what training jobs need in the local cloud."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="the local cloud's cache, .slipway/cache")
    parser.add_argument("--requirements", type=Path, nargs="+", required=True, help="jobs' requirements.txt")
    given = parser.parse_args()
    try:
        for file in given.requirements:
            folders = python_path(Packages(given.cache), file.read_bytes())
    except NoTorchError as error:
        sys.exit(str(error))
    sys.stdout.write(f"torch is in {folders[1]}\n")


if __name__ == "__main__":
    main()
