"""The daemon of the local cloud: `python -m slipway_local.server --state DIR --cache DIR --port 0`.

One port on 127.0.0.1 for everything. It holds a lock on its state folder for as long as it lives, and writes
`daemon.json` (process id, address) when it is ready.
"""

import argparse
import contextlib
import fcntl
import importlib
import json
import os
import shutil
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, make_server

from slipway_local.aws import DEFAULT_ACCOUNT, DEFAULT_REGION, Place
from slipway_local.control import Control
from slipway_local.deploy import bootstrap
from slipway_local.deploy.assembly import read_assembly, upload_assets
from slipway_local.deploy.engine import Engine, Progress
from slipway_local.deploy.providers.base import Api
from slipway_local.deploy.providers.custom import Answers
from slipway_local.deploy.stack_state import StackStore
from slipway_local.faults import FaultControl, Faults
from slipway_local.front_door import FrontDoor
from slipway_local.permissions.enforcement import enforcement
from slipway_local.postgres import Postgres
from slipway_local.request_handler import RequestHandler

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
}


MOTO_MODULES = {"lambda": "awslambda"}
# The Data API gives a transaction three idle minutes, in which a killed function's row locks hold up its successor.
TRANSACTION_IDLE_SECONDS = 30.0


class AlreadyRunningError(RuntimeError):
    """Another daemon works on this state folder."""


class Emulator:
    """Everything behind the one port. `start` makes it ready, `stop` ends what it started."""

    def __init__(self, state: Path, cache: Path, place: Place) -> None:
        from slipway_local.functions.packages import Packages
        from slipway_local.functions.service import Functions

        self.state = state
        self.place = place
        self.answers = Answers()
        self.store = StackStore(state / "stacks")
        self.functions = Functions(state=state, packages=Packages(cache), endpoint_url=place.endpoint_url)
        self.front_door = FrontDoor()
        self.databases = Postgres(state)
        self.environment = ""
        self.error = ""
        self._running: list[Any] = []
        self._server: BaseWSGIServer | None = None

    def start(self) -> None:
        """Put our services behind and beside moto's."""
        from slipway_local import apis, buckets, clusters, events, queues, s3_events, schedules, table_streams, topics
        from slipway_local.bedrock import Bedrock, BedrockControl, BedrockRuntime, Guardrails
        from slipway_local.cloudformation_api import CloudFormationApi
        from slipway_local.functions import asynchronous, event_invoke_config, event_sources, invoke_api, streaming_api
        from slipway_local.permissions import aws_managed
        from slipway_local.rds_data import RdsDataApi
        from slipway_local.state_machines import service as state_machines
        from slipway_local.targets import Targets

        targets = Targets(self.functions, self.place)
        invoke_api.install(self.functions)
        event_invoke_config.install()
        self._running.append(asynchronous.install(self.functions, targets))
        buckets.install()
        clusters.install(self.databases)
        aws_managed.install()
        enforcement.account, enforcement.region = self.place.account, self.place.region
        enforcement.partition = self.place.partition
        queues.install()
        table_streams.install()
        topics.install(targets)
        events.install(targets)
        s3_events.install(targets, events.publish)
        self._running += [event_sources.install(self.functions, targets), schedules.install(targets)]
        self._running.append(state_machines.install(self.place))
        self.front_door.by_service["lambda"] = streaming_api.StreamingInvoke(
            self.functions, self.place, self.front_door.moto
        )
        self.front_door.by_service["cloudformation"] = CloudFormationApi(self._engine())
        rds_data = self.front_door.by_service["rds-data"] = RdsDataApi(
            self.databases, self._secret, transaction_idle_seconds=TRANSACTION_IDLE_SECONDS
        )
        faults = Faults()
        self.front_door.layers += [enforcement.layer, faults]
        disturb = FaultControl(faults, rds_data.pause_clusters)
        self.front_door.by_prefix |= {"/_slipway/faults": disturb, "/_slipway/databases": disturb}
        self.front_door.by_prefix["/_slipway/"] = Control(self)
        apis.install(self.front_door, self.functions, self.place)
        guardrails = Guardrails(self.place)
        runtime = BedrockRuntime(
            model_url=os.environ.get("SLIPWAY_MODEL_URL"),
            model_name=os.environ.get("SLIPWAY_MODEL_NAME"),
            model_key=os.environ.get("SLIPWAY_MODEL_KEY"),
            guardrails=guardrails,
        )
        self.front_door.by_service["bedrock"] = Bedrock(runtime, BedrockControl(guardrails), self.front_door.moto)

    def _secret(self, arn: str) -> dict[str, Any]:
        """Return a secret's JSON object. Raises LookupError for an unknown one."""
        client = self.place.client("secretsmanager")
        try:
            return dict(json.loads(client.get_secret_value(SecretId=arn)["SecretString"]))
        except client.exceptions.ResourceNotFoundException:
            raise LookupError(arn) from None

    def serve(self, server: BaseWSGIServer) -> None:
        """Serve until `stop_soon` is called."""
        self._server = server
        server.serve_forever(poll_interval=0.1)

    def stop_soon(self) -> None:
        """End `serve`; safe from any thread and from a signal handler."""
        if self._server is not None:
            threading.Thread(target=self._server.shutdown, daemon=True).start()

    def stop(self) -> None:
        """End clock, pollers, asynchronous events, environments and databases."""
        for running in reversed(self._running):
            running.close()
        self.functions.close()
        self.databases.stop()

    def configure(self, environment: str, *, enforce_iam: bool | None) -> None:
        """Say which environment this is; `enforce_iam` switches the evaluation of policies on or off, None neither."""
        self.environment = environment
        if enforce_iam is not None:
            enforcement.on = enforce_iam

    def deploy(self, assembly: Path, progress: Progress) -> None:
        """Deploy every stack of an assembly; all are checked before the first is touched."""
        self.error = ""
        stacks = read_assembly(assembly)
        engine = self._engine(progress)
        try:
            requests = [stack.request() for stack in stacks]
            if any(stack.bootstrap_version for stack in stacks) and not self.store.load(bootstrap.NAME):
                engine.deploy(bootstrap.bootstrap_request())
            planned = [one for request in requests for one in engine.prepare(request, early=True).planned]
            services = {one.provider.service for one in planned if isinstance(one.provider, Api)}
            threading.Thread(target=_import_services, args=(sorted(services),), daemon=True).start()
            for stack, request in zip(stacks, requests, strict=True):
                progress(stack.name, "", "deploying")
                upload_assets(stack, self.place, lambda what, name=stack.name: progress(name, "", what))  # type: ignore[misc]
                engine.deploy_anew(request).termination_protection = stack.termination_protection
            wanted = {stack.name for stack in stacks}
            gone = [state.name for state in self.store.all() if state.of_assembly and state.name not in wanted]
            self.delete(gone, progress)
        except Exception as error:
            self.error = str(error)
            raise

    def delete(self, names: list[str], progress: Progress) -> None:
        """Delete stacks, in the order given."""
        for name in names:
            self._engine(progress).delete(name)

    def _engine(self, progress: Progress = lambda stack, logical_id, what: None) -> Engine:
        services = {"answers": self.answers, "databases": self.databases}
        return Engine(self.place, self.store, services, progress)

    def describe(self) -> dict[str, Any]:
        """Return what `status` shows."""
        refused = [line for lines in self.store.refused.values() for line in lines]
        resources: dict[str, list[str]] = {"live": [], "recorded": [], "refused": refused}
        stacks = {}
        for state in self.store.all():
            stacks[state.name] = {"status": state.status, "reason": state.reason, "outputs": state.outputs}
            for record in state.records.values():
                resources[record.mode].append(f"{record.type} {state.name}/{record.logical_id}")
        return {
            "environment": self.environment,
            "endpoint_url": self.place.endpoint_url,
            "state": "failed" if self.error else "running",
            "error": self.error,
            "stacks": stacks,
            "resources": resources,
            "environments": self.functions.process_ids(),
            "enforce_iam": enforcement.on,
        }


def _import_services(names: list[str]) -> None:
    """Import moto's services before they are asked for, while the deployment waits for processes."""
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(f"moto.{MOTO_MODULES.get(name, name)}.responses")


def hold(state: Path) -> Any:
    """Lock the state folder and return the open lock. Raises AlreadyRunningError if another daemon holds it."""
    state.mkdir(parents=True, exist_ok=True)
    lock = (state / "daemon.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AlreadyRunningError(f"another local cloud runs on {state}") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def main(arguments: list[str] | None = None) -> int:
    """Run the daemon until SIGTERM, SIGINT or a request to /_slipway/shutdown; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--state", type=Path, required=True, help="folder for state and logs")
    parser.add_argument("--cache", type=Path, required=True, help="folder for unpacked code and installed packages")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--account", default=DEFAULT_ACCOUNT)
    parser.add_argument("--region", default=DEFAULT_REGION)
    given = parser.parse_args(arguments)
    try:
        lock = hold(given.state)
    except AlreadyRunningError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with lock:
        return _run(given)


def _run(given: argparse.Namespace) -> int:
    # Set before moto is imported: it reads them once.
    os.environ.update(SETTINGS, MOTO_ACCOUNT_ID=given.account, AWS_DEFAULT_REGION=given.region)
    for leftover in ("stacks", "scratch", "postgres"):
        shutil.rmtree(given.state / leftover, ignore_errors=True)
    listener = socket.create_server(("127.0.0.1", given.port), backlog=128)
    port = listener.getsockname()[1]
    os.environ["AWS_ENDPOINT_URL"] = endpoint = f"http://localhost:{port}"
    emulator = Emulator(
        given.state, given.cache, Place(endpoint_url=endpoint, account=given.account, region=given.region)
    )
    emulator.start()
    server = make_server(
        "127.0.0.1", port, emulator.front_door, threaded=True, request_handler=RequestHandler, fd=listener.fileno()
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: emulator.stop_soon())
    ready = given.state / "daemon.json"
    ready.write_text(json.dumps({"pid": os.getpid(), "port": port, "endpoint_url": endpoint}), encoding="utf-8")
    try:
        emulator.serve(server)
    finally:
        emulator.stop()
        ready.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
