"""Bucket policies are kept, not enforced: moto ignores conditions, so that a Deny of plain HTTP would deny all."""

from typing import Any


def install() -> None:
    """Let every request pass a bucket's policy, and access logs go to any bucket."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    def get_permission(bucket: Any, action: str, resource: str) -> Any:
        return PermissionResult.NEUTRAL

    FakeBucket.get_permission = get_permission
    # S3 checks at delivery whether it may write, moto already when logging is switched on.
    FakeBucket._log_permissions_enabled_policy = staticmethod(lambda *_, **__: True)
