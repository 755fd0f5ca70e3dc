"""What a deployment does at SageMaker: make a model and its configuration, bring them to the endpoint, look, tidy up.

Everything here may be done twice: names come from the execution, and what is there already is left as it is.
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateInferenceComponent.html
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.deploy.deployments import Served
from slipway_runtime.operate.deploy.plan import MAIN, Plan
from slipway_runtime.operate.deploy.refused import EndpointBusyError
from slipway_runtime.operate.deploy.removal import MISSING, remove, remove_made
from slipway_runtime.operate.deploy.version import Version
from slipway_runtime.operate.retry import error_code

READY, BROKEN = "InService", ("Failed", "UpdateRollbackFailed")
EXISTS = "already existing"
KEPT_WEIGHTS = [{"VariantPropertyType": "DesiredWeight"}]


@dataclass(frozen=True, kw_only=True)
class Change:
    """SageMaker, for one endpoint."""

    sagemaker: Any
    plan: Plan

    def make(self, version: Version, name: str) -> Served:
        """Make the model, and the configuration of an endpoint with instances; both are called `name`."""
        plan = self.plan
        source = {
            "S3Uri": version.source,
            "S3DataType": "S3Object" if version.packed else "S3Prefix",
            "CompressionType": "Gzip" if version.packed else "None",
        }
        container = {"Image": plan.image, "Environment": plan.environment, "ModelDataSource": {"S3DataSource": source}}
        network = {"VpcConfig": plan.network} if plan.network else {}
        with self._unless(EXISTS):
            self.sagemaker.create_model(
                ModelName=name,
                ExecutionRoleArn=plan.role,
                PrimaryContainer=container,
                EnableNetworkIsolation=True,
                **network,
            )
        if plan.variant is None:
            return Served(package=version.arn, label=version.label, model=name)
        more: dict[str, Any] = {"DataCaptureConfig": plan.capture} if plan.capture else {}
        more |= {"KmsKeyId": plan.key} if plan.key else {}
        with self._unless(EXISTS):
            self.sagemaker.create_endpoint_config(
                EndpointConfigName=name, ProductionVariants=[{**plan.variant, "ModelName": name}], **more
            )
        return Served(package=version.arn, label=version.label, model=name, config=name)

    def start(self, served: Served, deployment: dict[str, Any] | None) -> None:
        """Bring it to the endpoint; without a DeploymentConfig at once. Raises: EndpointBusyError."""
        found = self._describe()
        status = found.get("EndpointStatus") or found.get("InferenceComponentStatus") or ""
        if found and served_by(found) == _wanted(served):
            return
        if status in BROKEN:
            raise RuntimeError(f"{self.plan.endpoint} is {status}: {found.get('FailureReason')}. Delete it by hand.")
        if status not in ("", READY):
            pending = found.get("PendingDeploymentSummary", {}).get("EndpointConfigName")
            if pending != served.config or not pending:
                raise EndpointBusyError(f"{self.plan.endpoint} is {status}, by something else than a deployment")
            return
        configured = {"DeploymentConfig": deployment} if deployment else {}
        if self.plan.component:
            self._component(served, configured, is_new=not found)
        elif found:
            self.sagemaker.update_endpoint(
                EndpointName=self.plan.endpoint,
                EndpointConfigName=served.config,
                RetainAllVariantProperties=True,
                ExcludeRetainedVariantProperties=KEPT_WEIGHTS,
                **configured,
            )
        else:
            self.sagemaker.create_endpoint(EndpointName=self.plan.endpoint, EndpointConfigName=served.config)

    def look(self, served: Served) -> tuple[str, str]:
        """Return "" while it moves, else promoted, rolled_back or failed, with SageMaker's reason."""
        found = self._describe()
        status = found.get("EndpointStatus") or found.get("InferenceComponentStatus")
        if status in BROKEN:
            return "failed", str(found.get("FailureReason", "SageMaker gives no reason."))
        if status != READY:
            return "", ""
        if served_by(found) == _wanted(served):
            return "promoted", ""
        return "rolled_back", str(found.get("FailureReason", "SageMaker gives no reason."))

    def tidy(self, served: Served | None) -> None:
        """Delete model and configuration of what is served no more."""
        if served:
            remove_made(self.sagemaker, model=served.model, config=served.config)

    def remove(self, wait: Callable[[], None]) -> None:
        """Delete the endpoint, or its component where the stack has made the endpoint, and wait until it has gone."""
        remove(self.sagemaker, self.plan.endpoint, component=bool(self.plan.component), wait=wait)

    def _component(self, served: Served, configured: dict[str, Any], *, is_new: bool) -> None:
        specification = {"ModelName": served.model, **(self.plan.component or {})}
        name = self.plan.endpoint
        if is_new:
            self.sagemaker.create_inference_component(
                InferenceComponentName=name,
                EndpointName=name,
                VariantName=MAIN,
                Specification=specification,
                RuntimeConfig={"CopyCount": 0},
            )
            return
        self.sagemaker.update_inference_component(
            InferenceComponentName=name, Specification=specification, **configured
        )

    def _describe(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        with self._unless(MISSING):
            if self.plan.component:
                found = self.sagemaker.describe_inference_component(InferenceComponentName=self.plan.endpoint)
            else:
                found = self.sagemaker.describe_endpoint(EndpointName=self.plan.endpoint)
        return found

    @contextlib.contextmanager
    def _unless(self, said: str) -> Iterator[None]:
        """Take what SageMaker answers with a ValidationException that says so as done."""
        try:
            yield
        except self.sagemaker.exceptions.ClientError as error:
            if error_code(error) != "ValidationException" or said not in str(error):
                raise


def served_by(found: dict[str, Any]) -> str:
    """Return the configuration of an endpoint that is described, or the model of an inference component."""
    return str(found.get("EndpointConfigName") or found.get("Specification", {}).get("ModelName", ""))


def _wanted(served: Served) -> str:
    return served.config or served.model
