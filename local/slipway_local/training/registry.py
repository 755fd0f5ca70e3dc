"""The model registry: what moto leaves out of an approval, and the event that tells of it.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

import json
from typing import Any

from slipway_local import events
from slipway_local.aws import Place
from slipway_local.training.contract import UnsupportedJobError, check_shape


def install(place: Place) -> None:
    """Put this behind moto's registry."""
    from moto.sagemaker.exceptions import AWSValidationException, ValidationError
    from moto.sagemaker.models import ModelPackage
    from moto.sagemaker.responses import SageMakerResponse

    create, update = SageMakerResponse.create_model_package, SageMakerResponse.update_model_package
    create_group = SageMakerResponse.create_model_package_group

    def checked(operation: str, response: Any) -> dict[str, Any]:
        request: dict[str, Any] = json.loads(response.body)
        try:
            check_shape(operation, request)
        except UnsupportedJobError as error:
            raise AWSValidationException(str(error)) from None
        return request

    def create_model_package_group(self: Any) -> Any:
        name = checked("CreateModelPackageGroup", self)["ModelPackageGroupName"]
        if name in self.sagemaker_backend.model_package_groups:  # moto empties the group
            raise ValidationError(message=f"Model Package Group already exists: {name}")
        return create_group(self)

    def create_model_package(self: Any) -> Any:
        request, backend = checked("CreateModelPackage", self), self.sagemaker_backend
        token = request.get("ClientToken")
        for package in backend.model_packages.values() if token else ():
            if package.client_token == token:  # moto makes a second version of a repeated request
                return _answer(package)
        answer = create(self)
        package = list(backend.model_packages.values())[-1]
        package.source_uri = request.get("SourceUri")
        package.model_card = request.get("ModelCard")
        _publish(place, package)
        return answer

    def update_model_package(self: Any) -> Any:
        request, backend = checked("UpdateModelPackage", self), self.sagemaker_backend
        package = backend.describe_model_package(request["ModelPackageArn"])
        # moto forgets what an update does not name.
        before = package.model_approval_status, package.approval_description, package.customer_metadata_properties
        answer = update(self)
        package.model_approval_status = package.model_approval_status or before[0]
        package.approval_description = package.approval_description or before[1]
        removed = request.get("CustomerMetadataPropertiesToRemove", ())
        kept = {name: value for name, value in (before[2] or {}).items() if name not in removed}
        package.customer_metadata_properties = kept | (request.get("CustomerMetadataProperties") or {})
        if request.get("ModelCard"):
            package.model_card = request["ModelCard"]
        _publish(place, package)
        return answer

    shown = ModelPackage.gen_response_object

    def gen_response_object(self: Any) -> dict[str, Any]:
        more = {"SourceUri": getattr(self, "source_uri", None), "ModelCard": getattr(self, "model_card", None)}
        return {**shown(self), **{name: value for name, value in more.items() if value is not None}}

    ModelPackage.gen_response_object = gen_response_object
    SageMakerResponse.create_model_package_group = create_model_package_group
    SageMakerResponse.create_model_package = create_model_package
    SageMakerResponse.update_model_package = update_model_package


def _answer(package: Any) -> Any:
    from moto.core.responses import ActionResult

    return ActionResult({"ModelPackageArn": package.arn})


def _publish(place: Place, package: Any) -> None:
    detail = {
        "ModelPackageName": f"{package.model_package_name}/{package.model_package_version}",
        "ModelPackageGroupName": package.model_package_group_name,
        "ModelPackageVersion": package.model_package_version,
        "ModelPackageArn": package.arn,
        "ModelPackageDescription": package.model_package_description,
        "ModelPackageStatus": package.model_package_status,
        "ModelApprovalStatus": package.model_approval_status,
        "ApprovalDescription": package.approval_description,
    }
    about = {"detail-type": "SageMaker Model Package State Change", "source": "aws.sagemaker"}
    where = {"account": place.account, "region": place.region, "resources": [package.arn]}
    events.publish({**about, **where, "detail": {name: value for name, value in detail.items() if value is not None}})
