"""`slipway local fault …` and `slipway local database …`: make the local cloud behave badly, on purpose."""

import re
from typing import Annotated, Any

import typer

from slipway_cli.errors import UsageError
from slipway_cli.options import AsJson, Environment
from slipway_cli.output import answers, print_json
from slipway_cli.project import project
from slipway_cli.target import find_target
from slipway_local import remote

RESUME_SECONDS = (
    15.0  # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
)
DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}

fault = typer.Typer(help="Errors and delays on demand, for every service of the local cloud.", no_args_is_help=True)
database = typer.Typer(help="The local cloud's databases.", no_args_is_help=True)
spot = typer.Typer(help="The local cloud's spot capacity.", no_args_is_help=True)


def seconds_of(text: str) -> float:
    """The seconds in `500ms`, `2s` or `1m`. Raises: UsageError for anything else."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is no duration; write 500ms, 2s or 1m")
    return float(match["number"]) * SECONDS[match["unit"]]


def _ask(env: str, method: str, path: str, body: Any = None) -> Any:
    find_target(project(), env, aws=False)  # it must be up
    return remote.ask(project().state(env), method, path, body)


def _line(one: dict[str, Any]) -> str:
    what = [str(one["error"])] if one["error"] else []
    what += [f"{one['latency_seconds']:g} s late"] if one["latency_seconds"] else []
    what += ["after the call"] if one["after"] else []
    times = f", {one['times']} times at most" if one["times"] else ""
    return (
        f"{one['id']}  {one['service']}.{one['operation']}: {', '.join(what)}, for {one['rate']:.0%} of the calls"
        f"{times}; so far {one['hit']} of {one['seen']}"
    )


@fault.command()
def add(
    operation: Annotated[str, typer.Argument(metavar="SERVICE.OPERATION", help="dynamodb.PutItem, s3.Get*, sqs.*")],
    error: Annotated[str | None, typer.Option(help="An error code that the operation may answer.")] = None,
    rate: Annotated[float, typer.Option(help="The share of calls that is hit.")] = 1.0,
    latency: Annotated[str, typer.Option(help="Wait first: 500ms, 2s, 1m.")] = "0s",
    times: Annotated[int | None, typer.Option(help="Hit so many calls and no more.")] = None,
    after: Annotated[bool, typer.Option("--after", help="Do the call, then lose its answer.")] = False,
    seed: Annotated[int | None, typer.Option(help="Makes the choice of calls repeatable.")] = None,
    env: Environment = "dev",
    as_json: AsJson = False,
) -> None:
    """Let a share of an operation's calls fail or take longer, until it is cleared or the local cloud stops."""
    given = {"operation": operation, "error": error, "rate": rate, "latency_seconds": seconds_of(latency),
             "times": times, "after": after, "seed": seed}  # fmt: skip
    try:
        added = _ask(env, "POST", "faults", given)
    except remote.RefusedRequestError as refused:
        raise UsageError(str(refused)) from refused
    print_json(added) if as_json else answers.print(_line(added), markup=False)


@fault.command("list")
def list_(env: Environment = "dev", as_json: AsJson = False) -> None:
    """List the faults in force and how many calls each has hit."""
    found = _ask(env, "GET", "faults")
    if as_json:
        print_json(found)
        return
    for one in found:
        answers.print(_line(one), markup=False)


@fault.command()
def clear(
    fault_id: Annotated[str | None, typer.Argument(metavar="ID", help="Without it, all.")] = None,
    env: Environment = "dev",
    as_json: AsJson = False,
) -> None:
    """End one fault, or all."""
    done = _ask(env, "DELETE", f"faults/{fault_id or ''}")
    print_json(done) if as_json else answers.print(f"{done['cleared']} fault(s) cleared.")


@database.command()
def pause(
    cluster: Annotated[str | None, typer.Argument(metavar="CLUSTER", help="A DB cluster; without it, all.")] = None,
    resume_seconds: Annotated[float, typer.Option(min=0, help="How long waking takes.")] = RESUME_SECONDS,
    env: Environment = "dev",
    as_json: AsJson = False,
) -> None:
    """Put a database to sleep at 0 ACU: the Data API's next call wakes it, and is refused until it is awake."""
    done = _ask(env, "POST", f"databases/{cluster or ''}", {"resume_seconds": resume_seconds})
    print_json(done) if as_json else answers.print(f"Asleep until the next call: {', '.join(done['paused']) or 'none'}")


@spot.callback()
def spot_capacity() -> None:
    """The local cloud's spot capacity."""


@spot.command()
def interrupt(
    job: Annotated[str, typer.Argument(help="A training job with managed spot, in progress.")],
    env: Environment = "dev",
    as_json: AsJson = False,
) -> None:
    """Take the instance of a training job away; it goes on from its checkpoints on another one."""
    try:
        found = _ask(env, "POST", "training/interrupt", {"job": job})
    except remote.RefusedRequestError as refused:
        raise UsageError(str(refused)) from refused
    print_json(found) if as_json else answers.print(f"{job} has got its notice", markup=False)
