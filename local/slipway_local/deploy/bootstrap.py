"""The bootstrap stack as far as the direct path needs it; `cdk bootstrap` updates it in place to the whole one.

Source: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
"""

import json

from slipway_local.deploy.request import StackRequest

NAME = "CDKToolkit"
VERSION = "30"


def bootstrap_request() -> StackRequest:
    """Return a stack with the bucket for assets and the version that templates ask for, named as the CDK names them."""
    bucket = {"BucketName": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}}
    version = {"Type": "String", "Name": "/cdk-bootstrap/hnb659fds/version", "Value": VERSION}
    template = {
        "Resources": {
            "StagingBucket": {"Type": "AWS::S3::Bucket", "Properties": bucket},
            "CdkBootstrapVersion": {"Type": "AWS::SSM::Parameter", "Properties": version},
        },
        "Outputs": {
            "BucketName": {"Value": {"Ref": "StagingBucket"}},
            "BootstrapVersion": {"Value": VERSION},
        },
    }
    return StackRequest(name=NAME, template=json.dumps(template), on_failure="DELETE")
