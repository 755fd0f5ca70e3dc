"""A SageMaker MLflow App: MLflow without a server to pay for; its artifacts lie in a bucket of yours.

Creates: the app, and the role by which it reads and writes artifacts.   Grants: `allow_calls`.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sagemaker-mlflowapp.html
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-app-setup-prerequisites-iam.html
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from slipway_constructs.permissions import allow, allow_key

FOLDER = "mlflow"
ARTIFACTS_REASON = "The app names the folder of each run's artifacts itself, below its one folder."
CALL = "sagemaker:CallMlflowAppApi"


class MlflowApp(Construct):
    """The app `name`, with artifacts below mlflow/ of the bucket. Versions are not registered by it.

    The name is the service's to force: another one makes another app, without the runs of the first.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        bucket_name: str,
        removal: cdk.RemovalPolicy,
        key_arn: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        bucket = stack.format_arn(service="s3", region="", account="", resource=bucket_name)
        actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        allow(self.role, actions, [f"{bucket}/{FOLDER}/*"], wildcard_reason=ARTIFACTS_REASON)
        allow(self.role, ["s3:ListBucket"], [bucket])
        allow_key(self.role, key_arn)
        self.app = sagemaker.CfnMlflowApp(
            self,
            "App",
            name=name,
            artifact_store_uri=f"s3://{bucket_name}/{FOLDER}",
            role_arn=self.role.role_arn,
            model_registration_mode="AutoModelRegistrationDisabled",
        )
        self.app.apply_removal_policy(removal)
        self.app.node.add_dependency(self.role)

    @property
    def arn(self) -> str:
        """The app's ARN, which is also MLflow's tracking URI."""
        return self.app.attr_arn
