"""EMR Serverless's contract with a script: where it lies, what it is called with, what spark-submit was told.

What this cloud cannot do for a run is refused by name.
Source: https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/jobs-spark.html and
https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/using-python-libraries.html
"""

import posixpath
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway_local.functions.packages import Packages
from slipway_local.glue.contract import UnsupportedJobError, download

RELEASES = "emr-7."
KNOWN = frozenset(("applicationId", "clientToken", "executionRoleArn", "executionTimeoutMinutes", "jobDriver"))
# Members that change nothing here: a name, tags, and what a worker costs.
IDLE = frozenset(("name", "tags", "flexExecution"))
DRIVER, EXECUTOR = "spark.emr-serverless.driverEnv.", "spark.executorEnv."
INTERPRETERS = frozenset(("PYSPARK_DRIVER_PYTHON", "PYSPARK_PYTHON"))
# Workers are this machine's own.
SIZES = ("spark.driver.", "spark.executor.", "spark.dynamicAllocation.", "spark.emr-serverless.driver.disk",
         "spark.emr-serverless.executor.disk")  # fmt: skip
PYTHON_PATH = "PYTHONPATH"


@dataclass(frozen=True, kw_only=True)
class Submit:
    """A run's spark-submit: addresses of its modules, of its archives by folder, and Spark's settings."""

    modules: list[str]
    archives: dict[str, str]
    settings: list[str]

    def installed(self, s3: Any, packages: Packages, folder: Path) -> list[str]:
        """Return the folders of the packages: an archive that carries its lock file is installed for this machine."""
        found = []
        for number, address in enumerate(self.modules):
            path = folder / f"{number}-{address.rsplit('/', 1)[-1]}"
            path.write_bytes(download(s3, address))
            found.append(str(path))
        return [*found, *(str(packages.layer(download(s3, address))) for address in self.archives.values())]


def submit_of(application: Any, request: dict[str, Any]) -> Submit:
    """Return what a StartJobRun says to spark-submit. Raises: UnsupportedJobError for what a run cannot have here."""
    if not application.release_label.startswith(RELEASES):
        raise UnsupportedJobError(f"the release {application.release_label}; supported are {RELEASES}x (Spark 3.5)")
    if "imageConfiguration" in application.slipway_settings:
        raise UnsupportedJobError("imageConfiguration of the application; put packages into an archive")
    if unknown := sorted(name for name in request.keys() - KNOWN - IDLE if request[name]):
        raise UnsupportedJobError(f"{', '.join(unknown)} of StartJobRun; leave it out")
    driver = request.get("jobDriver") or {}
    if "sparkSubmit" not in driver:
        raise UnsupportedJobError(f"the job driver {', '.join(driver) or 'of none'}; supported is sparkSubmit")
    return _parsed(shlex.split(driver["sparkSubmit"].get("sparkSubmitParameters") or ""))


def _parsed(options: list[str]) -> Submit:
    modules: list[str] = []
    archives: dict[str, str] = {}
    settings: list[tuple[str, str]] = []
    for option, value in _pairs(options):
        if option == "--py-files":
            modules += value.split(",")
        elif option == "--archives":
            archives |= {name: address for address, _, name in (one.partition("#") for one in value.split(","))}
        elif option == "--conf":
            name, _, text = value.partition("=")
            settings.append((name, text))
        else:
            raise UnsupportedJobError(f"{option} of spark-submit; supported are --py-files, --archives and --conf")
    paths = dict.fromkeys(part for name, text in settings if _is_path(name) for part in text.split(":"))
    known = {f"{name}/python" for name in archives}
    if strange := [path for path in paths if posixpath.normpath(path) not in known]:
        raise UnsupportedJobError(f"{PYTHON_PATH} {strange[0]}; supported is ./NAME/python of an archive #NAME")
    return Submit(
        modules=modules,
        archives=archives,
        settings=[f"{name}={text}" for name, text in settings if not (_is_path(name) or _means_nothing(name))],
    )


def _pairs(options: list[str]) -> Iterator[tuple[str, str]]:
    at = iter(options)
    for option in at:
        name, sign, value = option.partition("=")
        yield (name, value) if sign else (option, next(at, ""))


def _is_path(name: str) -> bool:
    return name in (f"{DRIVER}{PYTHON_PATH}", f"{EXECUTOR}{PYTHON_PATH}")


def _means_nothing(name: str) -> bool:
    """Return whether a setting is about workers, or about which of EMR's own interpreters runs the script."""
    for prefix in (DRIVER, EXECUTOR):
        if name.startswith(prefix):
            if name.removeprefix(prefix) not in INTERPRETERS:
                raise UnsupportedJobError(f"the variable {name}; supported are {PYTHON_PATH} and the interpreters'")
            return True
    return name.startswith(SIZES)
