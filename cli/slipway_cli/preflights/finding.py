"""One finding: what would fail, where, which setting to change, and where that is documented."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error fails the deployment or the first use; a warning needs a look, and lets preflight pass."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`check`: the id of the check; `where`: stack and logical id; `setting`: dotted key of the environment's file.

    `setting` is empty where no setting changes it.
    """

    check: str
    what: str
    where: str
    remedy: str
    documentation: str
    setting: str = ""
    severity: Severity = Severity.ERROR
