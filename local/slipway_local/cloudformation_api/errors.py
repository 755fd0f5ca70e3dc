"""CloudFormation's errors, in its words."""

from slipway_local.aws_json import ServiceError


def validation_error(message: str) -> ServiceError:
    """Return the error that most bad requests get."""
    return ServiceError("ValidationError", message)


def no_such_stack(name: str) -> ServiceError:
    """Return the error for a stack that does not exist."""
    return validation_error(f"Stack with id {name} does not exist")


def no_such_change_set(name: str) -> ServiceError:
    """Return the error for a change set that does not exist."""
    return ServiceError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)
