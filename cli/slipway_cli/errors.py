"""The one exception that a command turns into a message and an exit code."""


class CommandError(Exception):
    """Something the user can mend: the message names what failed and the remedy. Exit code 1, no traceback."""


class UsageError(CommandError):
    """The command was called in a way that cannot work, whatever the state of things. Exit code 2."""
