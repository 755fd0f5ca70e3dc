"""What prompts, labels and versions are called, and how a request names one: `name`, `name@label`, `name@3`."""

import re
from typing import NamedTuple

from slipway_runtime.generate.errors import ApiError, invalid

NAME = re.compile(r"[a-z][a-z0-9]{0,31}(?:[._-][a-z0-9]{1,32}){0,3}")
LABEL = re.compile(r"[a-z][a-z0-9]{0,15}(?:-[a-z0-9]{1,16}){0,2}")
NUMBER = re.compile(r"[1-9][0-9]{0,5}")
LATEST = "latest"  # no label: always the newest version, for trying out
DEFAULT_LABEL = "production"


class Reference(NamedTuple):
    """One version of a prompt, by number or by what a label points to."""

    name: str
    at: str

    @property
    def number(self) -> int:
        """Return the version's number, 0 for a label or `latest`."""
        return int(self.at) if self.at.isdecimal() else 0


def reference(text: str, param: str = "prompt") -> Reference:
    """Return what `text` names; without `@` it is the label production. Raises: ApiError 400."""
    name, _, at = text.partition("@")
    found = Reference(checked_name(name, param), at or DEFAULT_LABEL)
    if not (NUMBER.fullmatch(found.at) or LABEL.fullmatch(found.at)):
        raise invalid(f"'{text[:100]}' is no prompt: expected name, name@label or name@number.", param)
    return found


def checked_name(name: str, param: str = "name") -> str:
    """Return the name of a prompt or an example set. Raises: ApiError 400 if it cannot be one."""
    if not NAME.fullmatch(name):
        expected = "lower-case letters and digits, in up to four parts joined by '.', '_' or '-', beginning by a letter"
        raise invalid(f"'{name[:100]}' is no name: expected {expected}.", param)
    return name


def checked_label(label: str) -> str:
    """Return a label that may be set. Raises: ApiError 400 if it cannot be one."""
    if label == LATEST or not LABEL.fullmatch(label):
        expected = "lower-case letters and digits, in up to three parts joined by '-', and not 'latest'"
        raise invalid(f"'{label[:100]}' is no label: expected {expected}.", "label")
    return label


def no_such(what: str, name: str, param: str = "name") -> ApiError:
    """Return the 404 for a prompt, version, label, example set or experiment that is not there."""
    code = f"{what.replace(' ', '_')}_not_found"
    return ApiError(404, f"There is no {what} '{name[:150]}'.", code=code, param=param)
