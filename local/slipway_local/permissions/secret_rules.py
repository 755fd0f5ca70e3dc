"""Secrets Manager, and the RDS Data API, which reads a secret with the caller's permissions."""

from slipway_local.permissions import emulated
from slipway_local.permissions.calls import Call
from slipway_local.permissions.decision import Need
from slipway_local.permissions.key_use import READ, WRITE, key_needs


def rds_data(call: Call) -> list[Need] | None:
    """Return the cluster, and the secret that the Data API reads with the caller's permissions.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.access.html
    """
    needs = [Need(f"rds-data:{call.operation}", str(call.parameters.get("resourceArn")))]
    arn = call.parameters.get("secretArn")
    return [*needs, *_secret(call, "GetSecretValue", str(arn))] if arn else needs


def secretsmanager(call: Call) -> list[Need] | None:
    """Return the secret behind a name or a partial ARN, and the key that it is encrypted with."""
    if call.operation == "CreateSecret":
        return [Need("secretsmanager:CreateSecret", call.arn(f"secret:{call.parameters.get('Name')}-??????"))]
    secret_id = call.parameters.get("SecretId")
    return _secret(call, call.operation, str(secret_id)) if secret_id else None


def _secret(call: Call, operation: str, secret_id: str) -> list[Need]:
    found = emulated.secret(call.account, call.region, secret_id)
    plain = secret_id if secret_id.startswith("arn:") else call.arn(f"secret:{secret_id}", service="secretsmanager")
    context = {"secretsmanager:secretid": [found.arn if found else plain]}
    if stage := call.parameters.get("VersionStage"):
        context["secretsmanager:versionstage"] = [str(stage)]
    need = Need(f"secretsmanager:{operation}", found.arn if found else plain, context)
    actions = {"GetSecretValue": READ, "PutSecretValue": WRITE, "UpdateSecret": WRITE}.get(operation, ())
    return [need, *key_needs(call, getattr(found, "kms_key_id", None), actions, via="secretsmanager")]
