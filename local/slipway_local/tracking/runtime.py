"""What an MLflow server of the local cloud is made of, in an environment of its own.

    python -m slipway_local.tracking.runtime --cache .slipway/cache

`make torch` installs it; without it a request to an app says so.
"""

import argparse
import sys
from pathlib import Path

from slipway_local.functions.packages import Packages
from slipway_local.training.runtime import install_lock

LOCK = Path(__file__).with_name("runtime.txt")
DOWNLOAD_MEGABYTES = 50
KIND = "mlflow"


def installed(packages: Packages) -> Path | None:
    """Return the folder of the packages, None where they are not installed."""
    digest = packages.digest(LOCK.read_bytes())
    return packages.once(KIND, digest, lambda _: None) if packages.has(KIND, digest) else None


def install(packages: Packages) -> Path:
    """Install the packages unless they are there, and return their folder. Raises: RuntimeError."""
    lock = LOCK.read_bytes()
    if not packages.has(KIND, packages.digest(lock)):
        sys.stderr.write(f"slipway: installing MLflow's server, about {DOWNLOAD_MEGABYTES} MB to download, once\n")
    # Without their dependencies: what is left out of the lock is left out.
    return packages.once(KIND, packages.digest(lock), lambda target: install_lock(lock, target))


def main() -> None:
    """Install MLflow's server for the local cloud."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="the local cloud's cache, .slipway/cache")
    sys.stdout.write(f"MLflow is in {install(Packages(parser.parse_args().cache))}\n")


if __name__ == "__main__":
    main()
