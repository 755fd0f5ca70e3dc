"""The model registry: a group for each model, a version for each run that was approved.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry.html
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-cards.html
"""

import json
from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.retry import error_code

PROPERTY_CHARACTERS = 256
EXISTS, MISSING = "already exists", "does not exist"


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The groups `slipway-ENVIRONMENT-NAME`."""

    client: Any
    environment: str

    def group(self, name: str) -> str:
        """Return the name of a model's group."""
        return f"slipway-{self.environment}-{name}"

    def production(self, name: str) -> dict[str, Any] | None:
        """Return ARN, model address and properties of the newest version that is approved, None if there is none."""
        pages = self.client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self.group(name),
            ModelApprovalStatus="Approved",
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        try:
            summaries = [each for page in pages for each in page["ModelPackageSummaryList"]]
        except self.client.exceptions.ClientError as error:
            if error_code(error) == "ValidationException" and MISSING in str(error):
                return None
            raise
        if not summaries:
            return None
        arn = summaries[0]["ModelPackageArn"]
        found = self.client.describe_model_package(ModelPackageName=arn)
        return {"arn": arn, "source": found["SourceUri"], "properties": found.get("CustomerMetadataProperties", {})}

    def ensure(self, name: str) -> None:
        """Make the group of a model, unless it is there."""
        try:
            self.client.create_model_package_group(
                ModelPackageGroupName=self.group(name), ModelPackageGroupDescription=f"Versions of {name}"
            )
        except self.client.exceptions.ClientError as error:
            if error_code(error) != "ValidationException" or EXISTS not in str(error):
                raise

    def register(
        self,
        name: str,
        *,
        run_id: str,
        source: str,
        about: str,
        lineage: dict[str, str],
        card: dict[str, Any],
        report: str,
    ) -> str:
        """Register an approved version and return its ARN; the second time for a run, that of the first."""
        self.ensure(name)
        properties = {key: value[:PROPERTY_CHARACTERS] for key, value in lineage.items() if value}
        answer = self.client.create_model_package(
            ModelPackageGroupName=self.group(name),
            ModelPackageDescription=f"Fine-tuned by run {run_id}",
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties={**properties, "approval": about[:PROPERTY_CHARACTERS]},
            SourceUri=source,
            ModelMetrics={"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": report}}},
            ModelCard={"ModelCardContent": json.dumps(card), "ModelCardStatus": "Approved"},
            ClientToken=run_id,
        )
        return str(answer["ModelPackageArn"])
