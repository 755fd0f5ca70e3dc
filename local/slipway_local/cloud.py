"""The local cloud as other code uses it: up, down, reset, status and logs of the daemon on one state folder."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway_local import administrator
from slipway_local.aws import Credentials
from slipway_local.daemon import find, held, launch
from slipway_local.deploy.assembly import read_assembly
from slipway_local.differences import NOT_EMULATED
from slipway_local.remote import LocalCloudError, ask, follow

STOP_SECONDS = 60.0
Progress = Callable[[str, str, str], None]


@dataclass(frozen=True, kw_only=True)
class Status:
    """The state of a local cloud; resources are `Type stack/logicalId`.

    `notices` says in sentences what was rebuilt or lost; `snapshot` has `bytes`, `seconds` and `taken_at` (since 1970).
    """

    environment: str = ""
    endpoint_url: str = ""
    state: str = "stopped"
    error: str = ""
    stacks: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, list[str]] = field(default_factory=lambda: {"live": [], "recorded": [], "refused": []})
    enforce_iam: bool = False
    not_emulated: tuple[str, ...] = NOT_EMULATED
    notices: tuple[str, ...] = ()
    snapshot: Mapping[str, float] = field(default_factory=dict)


def up(
    assembly: Path,
    state: Path,
    *,
    environment: str,
    progress: Progress = lambda stack, logical_id, what: None,
    cache: Path | None = None,
    enforce_iam: bool | None = None,
) -> Status:
    """Start the daemon unless it runs, deploy the assembly and return the status.

    `enforce_iam` switches the evaluation of IAM policies on or off; None leaves it as it is, off in a new daemon.

    `progress` is called with stack, logical id ("" for the stack itself) and what is being done.
    Raises LocalCloudError if it cannot start or if the deployment failed (and was rolled back).
    """
    start(assembly, state, environment=environment, progress=progress, cache=cache, enforce_iam=enforce_iam)
    deploy(state, assembly, progress)
    return status(state)


def start(
    assembly: Path,
    state: Path,
    *,
    environment: str,
    progress: Progress = lambda stack, logical_id, what: None,
    cache: Path | None = None,
    enforce_iam: bool | None = None,
) -> str:
    """Start the daemon unless it runs, for the account and region of the assembly, and return its address.

    `enforce_iam` as for `up`. Raises LocalCloudError if it cannot start.
    """
    state, assembly = state.resolve(), assembly.resolve()
    stacks = read_assembly(assembly)
    if not stacks:
        raise LocalCloudError(f"{assembly} holds no stacks")
    daemon = find(state)
    if daemon is None:
        progress("", "", "starting")
        daemon = launch(state, cache or state.parent / "cache", stacks[0].account, stacks[0].region)
    ask(state, "POST", "configure", {"environment": environment, "enforce_iam": enforce_iam})
    return str(daemon["endpoint_url"])


def deploy(state: Path, assembly: Path, progress: Progress) -> None:
    """Deploy an assembly to a daemon that runs. Raises LocalCloudError if that failed (and was rolled back)."""
    for event in follow(state.resolve(), "deploy", {"assembly": str(assembly.resolve())}):
        if "done" not in event:
            progress(event["stack"], event["logical_id"], event["what"])
        elif event["error"]:
            raise LocalCloudError(event["error"])
        else:
            return
    raise LocalCloudError(f"the daemon died while it deployed; its log is {state.resolve() / 'daemon.log'}")


def credentials(state: Path) -> Credentials:
    """Return the access key of a local cloud's administrator. Raises LocalCloudError if none ever ran there."""
    found = administrator.read(state.resolve())
    if found is None:
        raise LocalCloudError(f"there is no local cloud in {state}; `slipway local up` makes one")
    return found


def down(state: Path) -> str:
    """Stop the daemon, which keeps its state, and return what a person should know of it, or "".

    Harmless when nothing runs; processes that a killed daemon left behind are ended.
    """
    state = state.resolve()
    if held(state):
        pid = int((state / "daemon.lock").read_text(encoding="utf-8"))
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while held(state):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                deadline = time.monotonic() + STOP_SECONDS
            time.sleep(0.05)
    if state.exists():
        _end_leftovers(state)  # a request that came last may have started a database again
    if not (state / "running").exists():
        return ""
    (state / "daemon.json").unlink(missing_ok=True)
    return (
        f"It could not keep its last state and will start from an earlier one; its log says why: {state / 'daemon.log'}"
    )


def _end_leftovers(state: Path) -> None:
    from slipway_local.postgres import Postgres
    from slipway_local.snapshot import leftovers

    leftovers.end(state / "scratch")
    Postgres(state).stop()


def deployed(state: Path) -> list[str]:
    """Return the names of the stacks that a state folder holds, running or not."""
    return sorted(path.stem for path in (state / "stacks").glob("*.json"))


def reset(state: Path) -> None:
    """Stop the daemon and remove all that it kept and logged."""
    down(state)
    shutil.rmtree(state, ignore_errors=True)


def status(state: Path) -> Status:
    """Return what runs; a daemon that died is state `failed` with an error that says so."""
    state = state.resolve()
    daemon = find(state)
    if daemon is None:
        if (state / "daemon.json").exists():
            error = f"the daemon died; its log is {state / 'daemon.log'}; `up` starts it again from its last snapshot"
            return Status(state="failed", error=error)
        return Status()
    found = ask(state, "GET", "status")
    shown = ("environment", "endpoint_url", "state", "error", "stacks", "resources", "enforce_iam", "snapshot")
    return Status(**{key: found[key] for key in shown}, notices=tuple(found["notices"]))


def permissions(state: Path) -> dict[str, Any]:
    """Return `{"enforcing", "roles": [{"role", "denied", "unused", "used"}]}`, counted since the start.

    Raises LocalCloudError if no local cloud runs.
    """
    daemon = find(state.resolve())
    if daemon is None:
        raise LocalCloudError("the local cloud does not run; `slipway local up --enforce-iam` starts it")
    return dict(ask(state, "GET", "permissions"))


def logs(state: Path, function: str | None = None, *, follow: bool = False) -> Iterator[str]:
    """Yield the log lines of one function, or of all with the name in front; `follow` waits for more, for ever.

    Raises LocalCloudError if a function of this name has logged nothing; a part of the name is enough.
    """
    folder = state.resolve() / "logs"
    offsets: dict[Path, int] = {}
    while True:
        paths = [path for path in sorted(folder.glob("*.log")) if function is None or function in path.stem]
        if function is not None and not paths and not follow:
            names = ", ".join(path.stem for path in sorted(folder.glob("*.log"))) or "none"
            raise LocalCloudError(f"no function like {function!r} has logged; those that have: {names}")
        for path in paths:
            with path.open(encoding="utf-8", errors="replace") as file:
                file.seek(offsets.get(path, 0))
                for line in file:
                    yield line.rstrip("\n") if len(paths) == 1 else f"{path.stem} {line.rstrip()}"
                offsets[path] = file.tell()
        if not follow:
            return
        time.sleep(0.3)
