"""Everything behind the one port: moto, our services beside it, the stacks, and what is kept of all that."""

import json
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from slipway_local.aws import Place
from slipway_local.control import Control
from slipway_local.deploy import bootstrap
from slipway_local.deploy.assembly import read_assembly, upload_assets
from slipway_local.deploy.engine import Engine, Progress
from slipway_local.deploy.outputs import DeployError
from slipway_local.deploy.providers.api import Api
from slipway_local.deploy.providers.custom import Answers
from slipway_local.deploy.stack_state import StackStore
from slipway_local.faults import FaultControl, Faults
from slipway_local.front_door import FrontDoor
from slipway_local.functions.packages import Packages
from slipway_local.functions.service import Functions
from slipway_local.moto_services import import_services
from slipway_local.permissions.enforcement import enforcement
from slipway_local.postgres import Postgres
from slipway_local.recovery import Recovery
from slipway_local.remote import locked
from slipway_local.snapshot import Keeper

# The Data API gives a transaction three idle minutes, in which a killed function's row locks hold up its successor.
TRANSACTION_IDLE_SECONDS = 30.0


class Emulator:
    """`start` puts the services together, `restore` brings back their state, `stop` ends them and keeps it.

    `shut_down` ends the daemon; it is set by whoever serves the front door.
    """

    def __init__(self, state: Path, cache: Path, place: Place) -> None:
        self.place, self._state = place, state
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
        self._running: list[Any] = []
        self._working: list[Any] = []  # what changes things without a request, and counts that

    def start(self) -> None:
        """Put our services behind and beside moto's."""
        enforcement.settle(self.place)
        self._start_functions()
        self._start_data()
        self._start_bedrock()
        self._start_endpoints()
        self._start_opensearch()
        self.front_door.by_prefix["/_slipway/"] = locked(Control(self), self.key)
        self.keeper.add("settings", _Settings(self))
        self.keeper.add("stacks", self.store)

    def _start_functions(self) -> None:
        from slipway_local import apis, events, queues, s3_events, schedules, table_streams, tables, topics
        from slipway_local.functions import asynchronous, event_invoke_config, event_sources, invoke_api, streaming_api
        from slipway_local.state_machines import service as state_machines
        from slipway_local.targets import Targets

        targets = Targets(self.functions, self.place)
        invoke_api.install(self.functions)
        event_invoke_config.install()
        in_flight = queues.install()
        table_streams.install()
        tables.install()
        topics.install(targets)
        events.install(targets)
        s3_events.install(targets, events.publish)
        pollers = event_sources.install(self.functions, targets)
        events_later, machines = asynchronous.install(self.functions, targets), state_machines.install(self.place)
        self._running += [events_later, pollers, schedules.install(targets), machines]
        self._working += [events_later, machines]
        apis.install(self.front_door, self.functions, self.place)
        self.front_door.by_service["lambda"] = streaming_api.StreamingInvoke(
            self.functions, self.place, self.front_door.moto
        )
        self.keeper.add("messages in flight", in_flight)
        self.keeper.add("event sources", pollers)
        self.keeper.add("asynchronous events", events_later)
        self.keeper.add("state machines", machines)

    def _start_data(self) -> None:
        from slipway_local import buckets, clusters, firehose, later_changes, object_versions, s3_destinations
        from slipway_local.cloudformation_api import CloudFormationApi
        from slipway_local.comprehend import classify
        from slipway_local.comprehend import service as comprehend
        from slipway_local.glue import service as glue_jobs
        from slipway_local.kendra import Kendra
        from slipway_local.permissions import aws_managed
        from slipway_local.rds_data import RdsDataApi
        from slipway_local.s3vectors import S3Vectors
        from slipway_local.textract import service as textract
        from slipway_local.training import service as training
        from slipway_local.training.control import TrainingControl

        later_changes.install()
        buckets.install()
        object_versions.install()
        s3_destinations.install()
        clusters.install(self.databases)
        aws_managed.install()
        comprehend.install()
        classify.install()
        self._running += [glue_jobs.install(self.place, self.functions.packages), firehose.install(self.place)]
        self._running.append(textract.install(self.place))
        jobs = training.install(self.place, self.functions.packages, self._state / "scratch" / "training")
        self._running.append(jobs)
        self._working.append(jobs)
        self.front_door.by_prefix["/_slipway/training"] = locked(TrainingControl(jobs), self.key)
        rds_data = RdsDataApi(
            self.databases,
            self._secret,
            enabled=clusters.http_endpoint_enabled,
            transaction_idle_seconds=TRANSACTION_IDLE_SECONDS,
        )
        self.front_door.by_service |= {"rds-data": rds_data, "cloudformation": CloudFormationApi(self._engine())}
        self.front_door.by_service["s3vectors"] = vectors = S3Vectors(self.place)
        self.keeper.add("vector buckets", vectors)
        self.front_door.by_service["kendra"] = kendra = Kendra(self.place)
        self.keeper.add("kendra", kendra)
        self.front_door.add_layer(faults := Faults())
        self.front_door.add_layer(enforcement.layer)
        disturb = locked(FaultControl(faults, rds_data.pause_clusters), self.key)
        self.front_door.by_prefix |= {"/_slipway/faults": disturb, "/_slipway/databases": disturb}

    def _start_bedrock(self) -> None:
        from slipway_local.bedrock import (
            Bedrock,
            BedrockControl,
            BedrockRuntime,
            Guardrails,
            KnowledgeBases,
            PromptManagement,
        )

        guardrails = Guardrails(self.place)
        runtime = BedrockRuntime(
            model_url=os.environ.get("SLIPWAY_MODEL_URL"),
            model_name=os.environ.get("SLIPWAY_MODEL_NAME"),
            model_key=os.environ.get("SLIPWAY_MODEL_KEY"),
            guardrails=guardrails,
        )
        bases = KnowledgeBases(self.place, runtime.embedder)
        prompts = PromptManagement(self.place)
        self.keeper.add("knowledge bases", bases)
        self.keeper.add("bedrock prompts", prompts)
        self.front_door.by_service["bedrock"] = Bedrock(
            runtime, BedrockControl(guardrails), bases, prompts, self.front_door.moto
        )

    def _start_endpoints(self) -> None:
        from slipway_local import endpoints

        served = endpoints.install(self.place, self._state / "scratch" / "endpoints", self.front_door)
        self._running += served.running
        self._working += served.working
        self.keeper.add("endpoints", served.endpoints)

    def _start_opensearch(self) -> None:
        from slipway_local.opensearch import BehaviourControl, OpenSearch

        self.front_door.by_service["aoss"] = opensearch = OpenSearch(self.place)
        self.front_door.by_prefix["/_slipway/opensearch"] = locked(BehaviourControl(opensearch), self.key)
        self.keeper.add("opensearch", opensearch)

    def _secret(self, arn: str) -> dict[str, Any]:
        """Return a secret's JSON object. Raises LookupError for an unknown one."""
        client = self.place.client("secretsmanager")
        try:
            return dict(json.loads(client.get_secret_value(SecretId=arn)["SecretString"]))
        except client.exceptions.ResourceNotFoundException:
            raise LookupError(arn) from None

    def _changes(self) -> int:
        return self.front_door.changes + int(sum(one.changes for one in self._working))

    def restore(self) -> None:
        """Bring back what was kept, and keep it from now on. Raises SnapshotError if it cannot be used."""
        if not self.recovery.restore(self.keeper, self.store):
            self.store.restore({})
            self.databases.remove_all()
        self.keeper.alive = self.recovery.sign
        self.keeper.start()

    def stop(self) -> None:
        """End clock, pollers, asynchronous events, environments and databases, and keep the state."""
        for running in reversed(self._running):
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
        engine = self._engine(progress)
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
                self._engine(progress).delete(name)
            except DeployError as error:
                failed.append(str(error))
        if failed:
            raise DeployError("\n".join(failed))

    def _engine(self, progress: Progress = lambda stack, logical_id, what: None) -> Engine:
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
