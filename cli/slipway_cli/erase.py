"""Start a run that erases deleted documents from training sets and other shards, and wait for its end."""

from slipway_cli import executions
from slipway_cli.target import Target

COUNTS = ("documents", "objects", "lines")
REMEDY = "The log of the function erase names the objects (`slipway local logs Erase`, or CloudWatch)."


def erase(target: Target, *, confirm: bool) -> dict[str, int]:
    """Run it; returns how many deleted documents it finished with, and what it took from how many objects.

    `confirm`: no job is running that read a document before it was deleted, so that no second pass is needed.

    Raises: CommandError if the run fails: what could be erased has been, and the rest stays asked for.
    """
    machine = target.parameter("deletion/state-machine-arn")
    found = executions.run(target, machine, {"confirm": confirm}, remedy=REMEDY)
    return {name: found[name] for name in COUNTS}
