"""The CloudFormation API over our own engine, for the CDK CLI, the AWS CLI and the SDKs."""

from slipway_local.cloudformation_api.app import CloudFormationApi

__all__ = ["CloudFormationApi"]
