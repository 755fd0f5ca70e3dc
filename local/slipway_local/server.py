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
from slipway_local.deploy.assembly import read_assembly, upload_assets
from slipway_local.deploy.engine import Engine, Progress
from slipway_local.deploy.plan import plan
from slipway_local.deploy.providers.base import Api
from slipway_local.deploy.providers.custom import Answers
from slipway_local.deploy.stack_state import StackStore
from slipway_local.front_door import FrontDoor
from slipway_local.postgres import Postgres
from slipway_local.request_handler import RequestHandler

BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_VERSION = "30"
SETTINGS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
}


MOTO_MODULES = {"lambda": "awslambda"}


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
        self._pollers: Any = None
        self._server: BaseWSGIServer | None = None

    def start(self) -> None:
        """Put our services behind and beside moto's."""
        from slipway_local import buckets, events, queues, table_transactions
        from slipway_local.bedrock import BedrockRuntime
        from slipway_local.functions import queue_poller
        from slipway_local.rds_data import RdsDataApi
        from slipway_local.rest_api.data_plane import RestApis

        self.functions.install()
        buckets.install()
        queues.install()
        self._pollers = queue_poller.install(self.functions)
        events.install(self.functions)
        table_transactions.install()
        self.front_door.by_prefix["/_slipway/"] = Control(self)
        self.front_door.by_prefix["/_aws/execute-api/"] = RestApis(
            self.functions, self.place.account, self.place.region
        )
        self.front_door.by_service["rds-data"] = RdsDataApi(self.databases, self._secret)
        self.front_door.by_service["bedrock"] = BedrockRuntime(
            model_url=os.environ.get("SLIPWAY_MODEL_URL"),
            model_name=os.environ.get("SLIPWAY_MODEL_NAME"),
            model_key=os.environ.get("SLIPWAY_MODEL_KEY"),
        )

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
        """End pollers, environments and databases."""
        if self._pollers is not None:
            self._pollers.close()
        self.functions.close()
        self.databases.stop()

    def deploy(self, assembly: Path, environment: str, progress: Progress) -> None:
        """Deploy every stack of an assembly; all are checked before the first is touched."""
        self.environment, self.error = environment, ""
        stacks = read_assembly(assembly)
        try:
            planned = [one for stack in stacks for one in plan(stack.name, stack.template(), self.place)]
            services = {one.provider.service for one in planned if isinstance(one.provider, Api)}
            threading.Thread(target=_import_services, args=(sorted(services),), daemon=True).start()
            ssm = self.place.client("ssm")
            ssm.put_parameter(Name=BOOTSTRAP_PARAMETER, Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True)
            for stack in stacks:
                progress(stack.name, "", "deploying")
                upload_assets(stack, self.place, lambda what, name=stack.name: progress(name, "", what))  # type: ignore[misc]
                self._engine(progress).deploy(stack.name, stack.template())
            wanted = {stack.name for stack in stacks}
            self.delete([state.name for state in self.store.all() if state.name not in wanted], progress)
        except Exception as error:
            self.error = str(error)
            raise

    def delete(self, names: list[str], progress: Progress) -> None:
        """Delete stacks, in the order given."""
        for name in names:
            self._engine(progress).delete(name)

    def _engine(self, progress: Progress) -> Engine:
        services = {"answers": self.answers, "databases": self.databases}
        return Engine(self.place, self.store, services, progress)

    def describe(self) -> dict[str, Any]:
        """Return what `status` shows."""
        resources: dict[str, list[str]] = {"live": [], "recorded": [], "refused": []}
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
