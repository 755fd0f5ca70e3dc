"""The steps of a deployment: check, start, look, finish. The state machine calls them with what the last one returned.

Check → Start → Wait ⇄ Look → Finish
    ↘ Finish: refused, or nothing to do
"""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway_runtime.operate.deploy import fit
from slipway_runtime.operate.deploy.change import Change
from slipway_runtime.operate.deploy.deployments import Deployments, Served, Standing
from slipway_runtime.operate.deploy.outcome import EVENT, Finisher, State
from slipway_runtime.operate.deploy.plan import Plan, Request, baked, poll_seconds, read_plan
from slipway_runtime.operate.deploy.refused import DeploymentRefusedError, EndpointBusyError
from slipway_runtime.operate.deploy.version import Version, read_version


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The services a deployment needs. `execution`: the ARN of the one that runs."""

    environment: str
    execution: str
    ssm: Any
    s3: Any
    sagemaker: Any
    cloudwatch: Any
    deployments: Deployments
    finisher: Finisher

    def check(self, request: Request) -> State:
        """Take the endpoint's lock, and find out what is to be done. Raises: EndpointBusyError."""
        try:
            plan = read_plan(self.ssm, self.environment, request.endpoint)
            standing = self._hold(request, plan)
            return self._rollback(request, standing) if request.action == "rollback" else self._deploy(
                request, plan, standing
            )  # fmt: skip
        except DeploymentRefusedError as error:
            return State(request=request, outcome="refused", reason=error.reason, remedy=error.remedy)

    def start(self, state: State) -> State:
        """Make model and configuration, and begin the rollout."""
        plan = read_plan(self.ssm, self.environment, state.request.endpoint)
        self.deployments.hold(state.request.endpoint, self.execution)
        change = Change(sagemaker=self.sagemaker, plan=plan)
        served = state.served
        if served is None:
            version = read_version(self.sagemaker, self.s3, state.package)
            served = change.make(version, _name(plan, version, self.execution))
        change.start(served, state.deployment)
        return msgspec.structs.replace(state, served=served, started_at=state.started_at or int(time.time()))

    def look(self, state: State) -> State:
        """Return how the rollout stands; the outcome stays "" while it goes on."""
        plan = read_plan(self.ssm, self.environment, state.request.endpoint)
        assert state.served is not None  # noqa: S101 - start has made it
        outcome, reason = Change(sagemaker=self.sagemaker, plan=plan).look(state.served)
        return msgspec.structs.replace(state, outcome=outcome, reason=reason)

    def finish(self, state: State, entered_at: str) -> dict[str, Any]:
        """Write down what came of it, tell people, and let the lock go."""
        found = None
        if state.outcome in ("promoted", "rolled_back", "failed"):
            found = read_plan(self.ssm, self.environment, state.request.endpoint)
        told = self.finisher.finish(state, found, self.execution, entered_at)
        self.deployments.release(state.request.endpoint, self.execution)
        return told

    def _hold(self, request: Request, plan: Plan) -> Standing:
        try:
            return self.deployments.hold(request.endpoint, self.execution)
        except EndpointBusyError:
            if request.action == "rollback":
                # SageMaker has no call that ends a rollout; it goes back when one of its alarms is raised.
                self.deployments.interrupt(request.endpoint, self.execution)
                self.cloudwatch.set_alarm_state(
                    AlarmName=plan.alarms[0], StateValue="ALARM", StateReason=f"Taken back by {request.by}"
                )
            raise

    def _rollback(self, request: Request, standing: Standing) -> State:
        if standing.interrupted_by == self.execution:
            self.deployments.write(request.endpoint, standing.current, standing.previous)
            return State(request=request, outcome="interrupted", reason="The deployment that ran was taken back.")
        if standing.previous is None:
            raise DeploymentRefusedError(
                f"{request.endpoint} has no version before the one that it serves",
                "`slipway models deploy NAME/VERSION` brings any approved one.",
            )
        before, previous = standing.current, standing.previous
        return State(
            request=request, package=previous.package, label=previous.label, served=previous, before=before, poll=1
        )

    def _deploy(self, request: Request, plan: Plan, standing: Standing) -> State:
        version = read_version(self.sagemaker, self.s3, request.package or self._newest(plan))
        state = State(
            request=request,
            package=version.arn,
            label=version.label,
            before=standing.current,
            older=standing.previous,
            approved_by=version.approval,
        )
        if standing.current and standing.current.package == version.arn:
            return msgspec.structs.replace(state, outcome="current", reason=f"{version.label} is served already")
        if request.by == EVENT and (why := self._left_alone(request, version, standing)):
            return msgspec.structs.replace(state, outcome="superseded", reason=why)
        deployment = baked(plan.deployment, _bake_seconds(request, version))
        return msgspec.structs.replace(
            state, fit=fit.check(plan, version), deployment=deployment, poll=poll_seconds(deployment)
        )

    def _left_alone(self, request: Request, version: Version, standing: Standing) -> str:
        """Return why an approval alone does not deploy a version, "" if it does."""
        if standing.current and version.number < _number(standing.current):
            return f"{standing.current.label}, which is served, is newer than {version.label}"
        fared = self.deployments.fared(request.endpoint, version.arn).get("outcome", "")
        return f"{version.label} was {fared.replace('_', ' ')} before" if fared in ("rolled_back", "failed") else ""

    def _newest(self, plan: Plan) -> str:
        pages = self.sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=plan.group, ModelApprovalStatus="Approved"
        )
        found = [each for page in pages for each in page["ModelPackageSummaryList"]]
        if not found:
            raise DeploymentRefusedError(f"{plan.group} has no approved version", "`slipway models approve` one.")
        return str(max(found, key=lambda each: each["ModelPackageVersion"])["ModelPackageArn"])


def _bake_seconds(request: Request, version: Version) -> int | None:
    """Return what is asked for, else what was said with the approval, else None: the settings' own."""
    said = version.properties.get("bake_seconds", "")
    return int(said) if request.bake_seconds is None and said.isdigit() else request.bake_seconds


def _number(served: Served) -> int:
    return int(served.label.rpartition("/")[2])


def _name(plan: Plan, version: Version, execution: str) -> str:
    """Return a name of at most 63 characters that is the execution's own."""
    digest = hashlib.sha256(execution.encode()).hexdigest()[:8]
    return f"{plan.endpoint[:44]}-v{version.number}-{digest}"
