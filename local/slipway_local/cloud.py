"""The local cloud as other code uses it: up, down, reset, status and logs of the daemon on one state folder."""

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
from slipway_local.state_folder import unwritable

START_SECONDS = 60.0
STOP_SECONDS = 60.0
Progress = Callable[[str, str, str], None]

NOT_EMULATED = (
    "A daemon that is killed loses what came after its last snapshot, a few seconds; databases lose nothing.",
    "IAM policies are evaluated with --enforce-iam only; the docs say which kinds of policy never are.",
    "Security groups and KMS keys are stored, not enforced.",
    "Alarms are evaluated only when somebody sets their state.",
    "CloudWatch does not extract metrics from log lines in the embedded metric format.",
    "REST APIs integrate with Lambda proxies and mocks (no #foreach), HTTP APIs with Lambda; WebSocket is refused.",
    "API throttles and quotas are exact and counted in memory; caches, mutual TLS and resource policies do nothing.",
    "What a request validator found is described in other words than API Gateway's.",
    "User pools have no login page, federation, SRP, MFA or triggers; JWT authorizers trust local user pools only.",
    "A failed asynchronous invocation is retried after 1 and 2 seconds, not after 1 and 2 minutes.",
    "Throttled asynchronous events and failed batches of a table's stream are retried after 0.2 to 5 seconds.",
    "A function may take 60 seconds to initialise, not 10; memory and architecture settings limit nothing.",
    "A function runs eight events at once; more wait, unless its reserved concurrency refuses them.",
    "Event source mappings read SQS queues and DynamoDB streams; a table's stream has one shard and is never trimmed.",
    "Rules, schedules, S3 and Lambda's destinations reach queues, topics, functions, buses and state machines only.",
    "A delivery by EventBridge or Scheduler that fails goes to its dead-letter queue at once, without retries.",
    "A transaction of the RDS Data API ends after 30 idle seconds, not 180: a killed function's locks go sooner.",
    "Guardrails: content filters, prompt attacks, profanity and personal data without a pattern (names, addresses) are "
    "not assessed; denied topics and grounding are cosines of MiniLM's sentence vectors; ConverseStream with a "
    "guardrail sends its first word when the whole reply has been assessed.",
    "Bedrock: no tools, images or documents in Converse, no InvokeModel for text models, no Titan v1, no agents at "
    "work; additionalModelRequestFields change nothing.",
    "Databases take no TLS and no IAM authentication; a pause at 0 ACU is seen through the Data API only.",
    "Resources listed as recorded keep their settings and do nothing.",
    "State machines run at most 40 iterations or map run children at once; `.sync` works for registered job services.",
    "Glue runs glueetl jobs alone, without connections, retries, extra jars or files; workers and DPUs mean nothing.",
    "The Data Catalog's tables are kept and not queried (no Athena); Lake Formation's grants are recorded.",
    "Firehose loses records not yet delivered when the daemon is killed; its streams take records from PutRecord only.",
    "Comprehend finds names by titles and a short list, and answers its synchronous operations only.",
    "State machines do not call http:invoke, apigateway:invoke, EKS, EMR; item readers take no Parquet.",
    "Conditions in an authorizer's policy are not evaluated.",
    "Methods with AWS_IAM authorization check that a signature is there, not that it is right.",
    "Settings of live resources that the emulated service does not know are checked by the schema, then dropped.",
    "A resource type that is not supported refuses the whole deployment, before anything is made.",
    "A stack's tags are kept with the stack, not put on its resources; change sets do not outlive the daemon.",
    "CloudFormation macros, nested stacks, stack sets, drift, imports and container image assets are refused.",
)


class LocalCloudError(RuntimeError):
    """The local cloud could not be started, deployed to or stopped; the message says why and what to do."""


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
    endpoint_url = start(
        assembly, state, environment=environment, progress=progress, cache=cache, enforce_iam=enforce_iam
    )
    deploy(endpoint_url, assembly, progress)
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
    daemon = _daemon(state)
    if daemon is None:
        progress("", "", "starting")
        daemon = _start(state, cache or state.parent / "cache", stacks[0].account, stacks[0].region)
    _call(daemon["endpoint_url"], "configure", {"environment": environment, "enforce_iam": enforce_iam})
    return str(daemon["endpoint_url"])


def deploy(endpoint_url: str, assembly: Path, progress: Progress) -> None:
    """Deploy an assembly to a daemon that runs. Raises LocalCloudError if that failed (and was rolled back)."""
    for event in _post(endpoint_url, "deploy", {"assembly": str(assembly.resolve())}):
        if "done" not in event:
            progress(event["stack"], event["logical_id"], event["what"])
        elif event["error"]:
            raise LocalCloudError(event["error"])


def down(state: Path) -> str:
    """Stop the daemon, which keeps its state, and return what a person should know of it, or "".

    Harmless when nothing runs; processes that a killed daemon left behind are ended.
    """
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
    daemon = _daemon(state)
    if daemon is None:
        if (state / "daemon.json").exists():
            error = f"the daemon died; its log is {state / 'daemon.log'}; `up` starts it again from its last snapshot"
            return Status(state="failed", error=error)
        return Status()
    with _open(f"{daemon['endpoint_url']}/_slipway/status") as answer:
        found = json.load(answer)
    shown = ("environment", "endpoint_url", "state", "error", "stacks", "resources", "enforce_iam", "snapshot")
    return Status(**{key: found[key] for key in shown}, notices=tuple(found["notices"]))


def permissions(state: Path) -> dict[str, Any]:
    """Return `{"enforcing", "roles": [{"role", "denied", "unused", "used"}]}`, counted since the start.

    Raises LocalCloudError if no local cloud runs.
    """
    daemon = _daemon(state.resolve())
    if daemon is None:
        raise LocalCloudError("the local cloud does not run; `slipway local up --enforce-iam` starts it")
    with _open(f"{daemon['endpoint_url']}/_slipway/permissions") as answer:
        return dict(json.load(answer))


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
    command = [sys.executable, "-m", "slipway_local.server", "--state", str(state), "--cache", str(cache)]
    try:
        state.mkdir(parents=True, exist_ok=True)
        (state / "daemon.json").unlink(missing_ok=True)
        log = (state / "daemon.log").open("ab")  # what a crash left there is kept
    except OSError as error:
        raise LocalCloudError(unwritable(state, error)) from None
    with log:
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


def _call(endpoint_url: str, path: str, body: dict[str, Any]) -> None:
    for _ in _post(endpoint_url, path, body):
        pass


def _post(endpoint_url: str, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    try:
        with _open(f"{endpoint_url}/_slipway/{path}", json.dumps(body).encode(), seconds=3600) as answer:
            for line in answer:
                yield json.loads(line)
    except urllib.error.HTTPError as error:
        raise LocalCloudError(json.load(error)["message"]) from None
