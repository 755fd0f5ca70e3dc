"""What a Processing job runs first: brings what a plain image lacks, then becomes the program.

    python3 start.py PROGRAM ARGUMENTS…

A training container unpacks an archive and installs its requirements.txt by itself; a processing container does
neither. Beside this file lie source.tar.gz, which holds PROGRAM and what it imports, and requirements.txt.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
"""

import os
import re
import subprocess
import sys
import tarfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

PINNED = re.compile(r"^[A-Za-z0-9._-]+==[^\\\n]+", re.MULTILINE)


def lacking(lock: str) -> list[str]:
    """Return the packages of a lock that this machine needs and has not got in its version."""
    pins = [Requirement(line) for line in PINNED.findall(lock)]
    needed = [each for each in pins if not each.marker or each.marker.evaluate()]
    return [each.name for each in needed if f"=={_version(each.name)}" != str(each.specifier)]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def main() -> None:
    """Unpack, install, and run."""
    here, (program, *arguments) = Path(__file__).resolve().parent, sys.argv[1:]
    lock, source = here / "requirements.txt", here / "source"
    with tarfile.open(here / "source.tar.gz") as archive:
        archive.extractall(source, filter="data")
    if lacking(lock.read_text(encoding="utf-8")):
        # Without dependencies: the lock names all of them but torch, which is the image's own.
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(lock)]
        subprocess.run(command, check=True)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH", "")]))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, str(source / program), *arguments])  # noqa: S606 - the program takes this process


if __name__ == "__main__":
    main()
