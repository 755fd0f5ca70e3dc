"""The services behind the one port: those of moto with our parts, and ours beside them.

Each is imported when the daemon starts, not with this module, which the commands import as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from slipway_local.faults import FaultControl, Faults
from slipway_local.permissions.enforcement import enforcement
from slipway_local.remote import locked

if TYPE_CHECKING:
    from slipway_local.aws import Place
    from slipway_local.emulator import Emulator

# The Data API gives a transaction three idle minutes, in which a killed function's row locks hold up its successor.
TRANSACTION_IDLE_SECONDS = 30.0


def start(emulator: Emulator) -> None:
    """Put the services behind the front door, and have their state kept."""
    for services in (_functions, _data, _jobs, _searched, _bedrock, _endpoints):
        services(emulator)


def _functions(emulator: Emulator) -> None:
    from slipway_local import apis, events, queues, s3_events, schedules, table_streams, tables, topics
    from slipway_local.functions import asynchronous, event_invoke_config, event_sources, invoke_api, streaming_api
    from slipway_local.state_machines import service as state_machines
    from slipway_local.targets import Targets

    targets = Targets(emulator.functions, emulator.place)
    invoke_api.install(emulator.functions)
    event_invoke_config.install()
    in_flight = queues.install()
    table_streams.install()
    tables.install()
    topics.install(targets)
    events.install(targets)
    s3_events.install(targets, events.publish)
    pollers = event_sources.install(emulator.functions, targets)
    events_later, machines = asynchronous.install(emulator.functions, targets), state_machines.install(emulator.place)
    emulator.running += [events_later, pollers, schedules.install(targets), machines]
    emulator.working += [events_later, machines]
    apis.install(emulator.front_door, emulator.functions, emulator.place)
    emulator.front_door.by_service["lambda"] = streaming_api.StreamingInvoke(
        emulator.functions, emulator.place, emulator.front_door.moto
    )
    emulator.keeper.add("messages in flight", in_flight)
    emulator.keeper.add("event sources", pollers)
    emulator.keeper.add("asynchronous events", events_later)
    emulator.keeper.add("state machines", machines)


def _data(emulator: Emulator) -> None:
    from slipway_local import buckets, clusters, firehose, later_changes, object_versions, s3_destinations
    from slipway_local.cloudformation_api import CloudFormationApi
    from slipway_local.permissions import aws_managed
    from slipway_local.rds_data import RdsDataApi

    later_changes.install()
    buckets.install()
    object_versions.install()
    s3_destinations.install()
    clusters.install(emulator.databases)
    aws_managed.install()
    emulator.running.append(firehose.install(emulator.place))
    rds_data = RdsDataApi(
        emulator.databases,
        _secret_of(emulator.place),
        enabled=clusters.http_endpoint_enabled,
        transaction_idle_seconds=TRANSACTION_IDLE_SECONDS,
    )
    door = emulator.front_door
    door.by_service |= {"rds-data": rds_data, "cloudformation": CloudFormationApi(emulator.engine())}
    door.add_layer(faults := Faults())
    door.add_layer(enforcement.layer)
    disturb = locked(FaultControl(faults, rds_data.pause_clusters), emulator.key)
    door.by_prefix |= {"/_slipway/faults": disturb, "/_slipway/databases": disturb}


def _jobs(emulator: Emulator) -> None:
    from slipway_local.comprehend import classify
    from slipway_local.comprehend import service as comprehend
    from slipway_local.emr_serverless import service as emr_serverless
    from slipway_local.glue import service as glue_jobs
    from slipway_local.textract import service as textract
    from slipway_local.training import service as training
    from slipway_local.training.control import TrainingControl

    place, packages = emulator.place, emulator.functions.packages
    comprehend.install()
    classify.install()
    jobs = training.install(place, packages, emulator.state / "scratch" / "training")
    emulator.running += [glue_jobs.install(place, packages), emr_serverless.install(place, packages)]
    emulator.running += [textract.install(place), jobs, _mlflow(emulator)]
    emulator.working.append(jobs)
    emulator.front_door.by_prefix["/_slipway/training"] = locked(TrainingControl(jobs), emulator.key)


def _mlflow(emulator: Emulator) -> Any:
    from slipway_local.tracking.apps import Apps, install

    apps = Apps(emulator.place, emulator.functions.packages, emulator.state / "mlflow")
    install(apps)
    emulator.keeper.add("mlflow apps", apps)
    emulator.mlflow = apps
    return apps


def _searched(emulator: Emulator) -> None:
    from slipway_local.kendra import Kendra
    from slipway_local.opensearch import BehaviourControl, OpenSearch
    from slipway_local.s3vectors import S3Vectors

    vectors, kendra, opensearch = S3Vectors(emulator.place), Kendra(emulator.place), OpenSearch(emulator.place)
    emulator.front_door.by_service |= {"s3vectors": vectors, "kendra": kendra, "aoss": opensearch}
    emulator.front_door.by_prefix["/_slipway/opensearch"] = locked(BehaviourControl(opensearch), emulator.key)
    emulator.keeper.add("vector buckets", vectors)
    emulator.keeper.add("kendra", kendra)
    emulator.keeper.add("opensearch", opensearch)


def _bedrock(emulator: Emulator) -> None:
    from slipway_local.bedrock import (
        Bedrock,
        BedrockControl,
        BedrockRuntime,
        Guardrails,
        KnowledgeBases,
        PromptManagement,
    )

    guardrails = Guardrails(emulator.place)
    runtime = BedrockRuntime(
        model_url=os.environ.get("SLIPWAY_MODEL_URL"),
        model_name=os.environ.get("SLIPWAY_MODEL_NAME"),
        model_key=os.environ.get("SLIPWAY_MODEL_KEY"),
        guardrails=guardrails,
    )
    bases = KnowledgeBases(emulator.place, runtime.embedder)
    prompts = PromptManagement(emulator.place)
    emulator.keeper.add("knowledge bases", bases)
    emulator.keeper.add("bedrock prompts", prompts)
    emulator.front_door.by_service["bedrock"] = Bedrock(
        runtime, BedrockControl(guardrails), bases, prompts, emulator.front_door.moto
    )


def _endpoints(emulator: Emulator) -> None:
    from slipway_local import endpoints
    from slipway_local.tracking.application import MlflowApi

    door = emulator.front_door
    served = endpoints.install(emulator.place, emulator.state / "scratch" / "endpoints", door)
    door.by_service["sagemaker"] = MlflowApi(emulator.mlflow, door.by_service["sagemaker"])
    emulator.running += served.running
    emulator.working += served.working
    emulator.keeper.add("endpoints", served.endpoints)


def _secret_of(place: Place) -> Callable[[str], dict[str, Any]]:
    def secret(arn: str) -> dict[str, Any]:
        """Return a secret's JSON object. Raises LookupError for an unknown one."""
        client = place.client("secretsmanager")
        try:
            return dict(json.loads(client.get_secret_value(SecretId=arn)["SecretString"]))
        except client.exceptions.ResourceNotFoundException:
            raise LookupError(arn) from None

    return secret
