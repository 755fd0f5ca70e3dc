"""Everything behind the one port: moto, our services beside it, the stacks, and what is kept of all that."""

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from slipway_local import services
from slipway_local.aws import Place
from slipway_local.control import Control
from slipway_local.deploy import bootstrap
from slipway_local.deploy.assembly import read_assembly, upload_assets
from slipway_local.deploy.engine import Engine, Progress
from slipway_local.deploy.outputs import DeployError
from slipway_local.deploy.providers.api import Api
from slipway_local.deploy.providers.custom import Answers
from slipway_local.deploy.stack_state import StackStore
from slipway_local.front_door import FrontDoor
from slipway_local.functions.packages import Packages
from slipway_local.functions.service import Functions
from slipway_local.moto_services import import_services
from slipway_local.permissions.enforcement import enforcement
from slipway_local.postgres import Postgres
from slipway_local.recovery import Recovery
from slipway_local.remote import locked
from slipway_local.snapshot import Keeper


class Emulator:
    """`start` puts the services together, `restore` brings back their state, `stop` ends them and keeps it.

    `shut_down` ends the daemon; it is set by whoever serves the front door.
    """

    def __init__(self, state: Path, cache: Path, place: Place) -> None:
        self.place, self.state = place, state
        self.key = secrets.token_urlsafe(32)  # of the paths under /_slipway; no function is told
        self.answers = Answers()
        self.store = StackStore(state / "stacks")
        self.functions = Functions(state=state, packages=Packages(cache), endpoint_url=place.endpoint_url)
        self.front_door = FrontDoor()
        self.databases = Postgres(state)
        self.keeper = Keeper(state, place, self._changes, lambda: self.store.in_use)
        self.recovery = Recovery(state)
        self.environment = ""
        self.error = ""
        self.shut_down: Callable[[], None] = lambda: None
        self.mlflow: Any = None
        self.running: list[Any] = []  # what ends with the daemon
        self.working: list[Any] = []  # what changes things without a request, and counts that

    def start(self) -> None:
        """Put our services behind and beside moto's."""
        enforcement.settle(self.place)
        services.start(self)
        self.front_door.by_prefix["/_slipway/"] = locked(Control(self), self.key)
        self.keeper.add("settings", _Settings(self))
        self.keeper.add("stacks", self.store)

    def _changes(self) -> int:
        return self.front_door.changes + int(sum(one.changes for one in self.working))

    def restore(self) -> None:
        """Bring back what was kept, and keep it from now on. Raises SnapshotError if it cannot be used."""
        if not self.recovery.restore(self.keeper, self.store):
            self.store.restore({})
            self.databases.remove_all()
        self.keeper.alive = self.recovery.sign
        self.keeper.start()

    def stop(self) -> None:
        """End clock, pollers, asynchronous events, environments and databases, and keep the state."""
        for running in reversed(self.running):
            running.close()
        self.functions.close()
        if self.keeper.stop():
            self.recovery.finish()
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
        engine = self.engine(progress)
        try:
            requests = [stack.request() for stack in stacks]
            if any(stack.bootstrap_version for stack in stacks) and not self.store.load(bootstrap.NAME):
                engine.deploy(bootstrap.bootstrap_request())
            planned = [one for request in requests for one in engine.prepare(request, early=True).planned]
            services = {one.provider.service for one in planned if isinstance(one.provider, Api)}
            threading.Thread(target=import_services, args=(sorted(services),), daemon=True).start()
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
        finally:
            self.keeper.keep()

    def delete(self, names: list[str], progress: Progress) -> None:
        """Delete stacks, in the order given. Raises DeployError after all were tried, if some could not be deleted."""
        failed = []
        for name in names:
            try:
                self.engine(progress).delete(name)
            except DeployError as error:
                failed.append(str(error))
        if failed:
            raise DeployError("\n".join(failed))

    def engine(self, progress: Progress = lambda stack, logical_id, what: None) -> Engine:
        """Return what deploys stacks here."""
        return Engine(self.place, self.store, {"answers": self.answers, "databases": self.databases}, progress)

    def describe(self) -> dict[str, Any]:
        """Return what `status` shows."""
        unkept = self.keeper.error
        return {
            "environment": self.environment,
            "endpoint_url": self.place.endpoint_url,
            "state": "failed" if self.error else "running",
            "error": self.error,
            **self.store.describe(),
            "environments": self.functions.process_ids(),
            "enforce_iam": enforcement.on,
            "notices": [*self.recovery.notices, *([f"The state is not being kept: {unkept}."] if unkept else [])],
            "snapshot": self.keeper.figures,
        }


class _Settings:
    """What `configure` said, for the next start."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def state(self) -> dict[str, Any]:
        return {"environment": self._emulator.environment, "enforce_iam": enforcement.on}

    def restore(self, state: dict[str, Any]) -> None:
        self._emulator.configure(**state)
