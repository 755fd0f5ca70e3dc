"""Start a run that erases deleted documents from training sets and other shards, and wait for its end."""

from slipway_cli import executions
from slipway_cli.target import Target

COUNTS = ("documents", "objects", "lines")
REMEDY = "The log of the function erase names the objects (`slipway local logs Erase`, or CloudWatch)."


def erase(target: Target) -> dict[str, int]:
    """Run it; returns how many deleted documents it finished with, and what it took from how many objects.

    Raises: CommandError if the run fails: what could be erased has been, and the rest stays asked for.
    """
    found = executions.run(target, target.parameter("deletion/state-machine-arn"), {}, remedy=REMEDY)
    return {name: found[name] for name in COUNTS}
