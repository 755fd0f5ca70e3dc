"""The local cloud as other code uses it: up, down, status and logs of the daemon on one state folder.

First cut: what the emulator holds is lost when it goes down, the databases' data with it.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway_local.deploy.assembly import read_assembly

START_SECONDS = 60.0
STOP_SECONDS = 20.0
Progress = Callable[[str, str, str], None]

NOT_EMULATED = (
    "State is kept in memory: `down` and a crash of the daemon lose buckets, tables, queues and databases.",
    "IAM policies, bucket policies, security groups and KMS keys are stored, not enforced.",
    "EventBridge schedules do not fire; alarms are evaluated only when somebody sets their state.",
    "CloudWatch does not extract metrics from log lines in the embedded metric format.",
    "REST APIs serve what is configured now, not the snapshot of their last deployment; usage plans do not throttle.",
    "A failed asynchronous invocation is retried after 1 and 2 seconds, not after 1 and 2 minutes.",
    "A function may take 60 seconds to initialise, not 10; memory and architecture settings limit nothing.",
    "Comprehend gives one canned answer for every text: leave `name` out of what is redacted here.",
    "Resources listed as recorded keep their settings and do nothing.",
    "AWS-managed policies are not attached; conditions in an authorizer's policy are not evaluated.",
    "Methods with AWS_IAM authorization check that a signature is there, not that it is right.",
    "Settings of live resources that the emulated service does not know are checked by the schema, then dropped.",
    "A resource type that is not supported refuses the whole deployment, before anything is made.",
)


class LocalCloudError(RuntimeError):
    """The local cloud could not be started, deployed to or stopped; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """The state of a local cloud; resources are `Type stack/logicalId`."""

    environment: str = ""
    endpoint_url: str = ""
    state: str = "stopped"
    error: str = ""
    stacks: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, list[str]] = field(default_factory=lambda: {"live": [], "recorded": [], "refused": []})
    not_emulated: tuple[str, ...] = NOT_EMULATED


def up(
    assembly: Path,
    state: Path,
    *,
    environment: str,
    progress: Progress = lambda stack, logical_id, what: None,
    cache: Path | None = None,
) -> Status:
    """Start the daemon unless it runs, deploy the assembly and return the status.

    `progress` is called with stack, logical id ("" for the stack itself) and what is being done.
    Raises LocalCloudError if it cannot start or if the deployment failed (and was rolled back).
    """
    state, assembly = state.resolve(), assembly.resolve()
    stacks = read_assembly(assembly)
    if not stacks:
        raise LocalCloudError(f"{assembly} holds no stacks")
    daemon = _daemon(state)
    if daemon is None:
        progress("", "", "starting")
        daemon = _start(state, cache or state.parent / "cache", stacks[0].account, stacks[0].region)
    request = {"assembly": str(assembly), "environment": environment}
    for event in _post(daemon["endpoint_url"], "deploy", request):
        if "done" not in event:
            progress(event["stack"], event["logical_id"], event["what"])
        elif event["error"]:
            raise LocalCloudError(event["error"])
    return status(state)


def down(state: Path) -> None:
    """Stop the daemon and remove what it kept, logs apart. Harmless when nothing runs."""
    state = state.resolve()
    if _held(state):
        pid = int((state / "daemon.lock").read_text(encoding="utf-8"))
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while _held(state):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                deadline = time.monotonic() + STOP_SECONDS
            time.sleep(0.05)
    for leftover in ("stacks", "scratch", "postgres"):
        shutil.rmtree(state / leftover, ignore_errors=True)
    (state / "daemon.json").unlink(missing_ok=True)


def status(state: Path) -> Status:
    """Return what runs; a daemon that died is state `failed` with an error that says so."""
    state = state.resolve()
    daemon = _daemon(state)
    if daemon is None:
        if (state / "daemon.json").exists():
            error = f"the daemon died; its log is {state / 'daemon.log'}; `up` starts it afresh, without its data"
            return Status(state="failed", error=error)
        return Status()
    with _open(f"{daemon['endpoint_url']}/_slipway/status") as answer:
        found = json.load(answer)
    return Status(
        **{key: found[key] for key in ("environment", "endpoint_url", "state", "error", "stacks", "resources")}
    )


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


def _held(state: Path) -> bool:
    """Return whether a daemon holds the state folder's lock."""
    if not (state / "daemon.lock").exists():
        return False
    with (state / "daemon.lock").open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _daemon(state: Path) -> dict[str, Any] | None:
    """Return the running daemon's process id and address; None when there is none, whatever its file says."""
    if not _held(state):
        return None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and _held(state):
        with contextlib.suppress(OSError, ValueError):
            daemon: dict[str, Any] = json.loads((state / "daemon.json").read_text(encoding="utf-8"))
            with _open(f"{daemon['endpoint_url']}/_slipway/health"):
                return daemon
        time.sleep(0.02)
    return None


def _start(state: Path, cache: Path, account: str, region: str) -> dict[str, Any]:
    state.mkdir(parents=True, exist_ok=True)
    (state / "daemon.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "slipway_local.server", "--state", str(state), "--cache", str(cache)]
    with (state / "daemon.log").open("ab") as log:  # what a crash left there is kept
        process = subprocess.Popen(
            [*command, "--account", account, "--region", region],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if daemon := _daemon(state):
            return daemon
        time.sleep(0.02)
    tail = (state / "daemon.log").read_text(encoding="utf-8", errors="replace")[-1500:]
    raise LocalCloudError(f"the daemon did not start:\n{tail}")


def _open(url: str, body: bytes | None = None, *, seconds: float = 30) -> Any:
    """Open an address of the daemon; a proxy that the environment names is not asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(url, body, timeout=seconds)


def _post(endpoint_url: str, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    try:
        with _open(f"{endpoint_url}/_slipway/{path}", json.dumps(body).encode(), seconds=3600) as answer:
            for line in answer:
                yield json.loads(line)
    except urllib.error.HTTPError as error:
        raise LocalCloudError(json.load(error)["message"]) from None
