"""What a Glue 5.1 job finds: Spark 3.5.6 with its packages, and Java. Installed once, when first asked for.

    python -m slipway_local.glue.runtime --cache .slipway/cache

Source: https://docs.aws.amazon.com/glue/latest/dg/release-notes.html
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from slipway_local.functions.packages import Packages

LOCK = Path(__file__).with_name("runtime.txt")
DOWNLOAD_MEGABYTES = 400
JAVA_VERSIONS = (8, 11, 17)  # Source: https://spark.apache.org/docs/3.5.6/#downloading


class NoJavaError(Exception):
    """This machine has no Java that Spark 3.5.6 runs on; the text says what to do."""


def java_home() -> str | None:
    """Return JAVA_HOME for Spark, None where the `java` on the PATH serves. Raises: NoJavaError."""
    homes = [os.environ.get("JAVA_HOME"), *sorted(map(str, Path("/usr/lib/jvm").glob("*")))]
    candidates = [(None, shutil.which("java")), *((home, f"{home}/bin/java") for home in homes if home)]
    seen = []
    for home, java in candidates:
        if java and Path(java).is_file():
            if (version := _version(java)) in JAVA_VERSIONS:
                return home
            seen.append(f"{java} is Java {version}")
    found = ", ".join(seen) or "none was found"
    raise NoJavaError(
        f"Spark 3.5.6 needs Java 17 (8 and 11 do too), and {found}. Install it (on Debian: openjdk-17-jre-headless; "
        "on macOS: brew install openjdk@17) or set JAVA_HOME, and start the local cloud again."
    )


def is_installed(packages: Packages) -> bool:
    """Return whether Spark is there already."""
    return packages.has_lock(LOCK.read_bytes())


def python_path(packages: Packages) -> Path:
    """Return the folder of Spark's packages, installing them if need be. Raises: RuntimeError if that fails."""
    if not is_installed(packages):
        sys.stderr.write(f"slipway: installing PySpark 3.5.6, about {DOWNLOAD_MEGABYTES} MB to download, once\n")
        sys.stderr.flush()
    return packages.lock(LOCK.read_bytes())


def _version(java: str) -> int:
    done = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    match = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(match[1]) if match else 0


def main() -> None:
    """Install what Glue jobs need in the local cloud, and check for Java."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="the local cloud's cache, .slipway/cache")
    folder = python_path(Packages(parser.parse_args().cache))
    try:
        java_home()
    except NoJavaError as error:
        sys.exit(str(error))
    sys.stdout.write(f"Spark is in {folder}\n")


if __name__ == "__main__":
    main()
