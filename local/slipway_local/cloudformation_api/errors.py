"""CloudFormation's errors, in its words."""

from typing import Any


def validation_error(message: str) -> Any:
    """Return the error that most bad requests get."""
    from moto.core.exceptions import ServiceException

    return ServiceException("ValidationError", message)


def no_such_stack(name: str) -> Any:
    """Return the error for a stack that does not exist."""
    return validation_error(f"Stack with id {name} does not exist")


def no_such_change_set(name: str) -> Any:
    """Return the error for a change set that does not exist."""
    from moto.core.exceptions import ServiceException

    return ServiceException("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")
