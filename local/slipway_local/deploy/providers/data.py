"""SSM parameters, Secrets Manager secrets and RDS clusters."""

import json
from typing import Any

from slipway_local.aws import Place
from slipway_local.deploy.providers.api import Api, Setting, api, tags
from slipway_local.deploy.providers.base import Context, Created, Everything, Properties, Provider, changed
from slipway_local.deploy.providers.calls import call, found, parameters_of


def _parameter(context: Context, properties: Properties) -> Properties:
    return {**properties, "Overwrite": True, "Tags": None} if properties.get("Overwrite") else properties


class Parameter(Api):
    """AWS::SSM::Parameter; an update is the same call with Overwrite and without tags."""

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Overwrite the value."""
        overwrite = {"Overwrite": True}
        return super().update(context, existing, {**old, **overwrite}, {**new, **overwrite})


class Secret(Api):
    """AWS::SecretsManager::Secret; a generated value is made once and survives updates."""

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Change what has changed; generate anew only if the rules changed."""
        same = old.get("GenerateSecretString") == new.get("GenerateSecretString")
        kept = [{k: v for k, v in p.items() if not (same and k == "GenerateSecretString")} for p in (old, new)]
        return super().update(context, existing, *kept)


def _secret(context: Context, properties: Properties) -> Properties:
    rules = properties.pop("GenerateSecretString", None)
    if rules is not None:
        options = {
            key: value for key, value in rules.items() if key not in ("SecretStringTemplate", "GenerateStringKey")
        }
        options.setdefault("PasswordLength", 32)
        password = call(context.place, "secretsmanager", "get_random_password", options)["RandomPassword"]
        if "SecretStringTemplate" in rules:
            content = {**json.loads(rules["SecretStringTemplate"]), rules["GenerateStringKey"]: password}
            password = json.dumps(content)
        properties["SecretString"] = password
    return properties


class SecretTargetAttachment(Everything):
    """Adds the database's address to the secret with its password."""

    def create(self, context: Context, properties: Properties) -> Created:
        """Write host, port, engine and name into the secret."""
        secrets = context.place.client("secretsmanager")
        secret = properties["SecretId"]
        content = json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"])
        cluster = "Cluster" in properties["TargetType"]
        kind = "db_clusters" if cluster else "db_instances"
        parameter = "DBClusterIdentifier" if cluster else "DBInstanceIdentifier"
        answer = getattr(context.place.client("rds"), f"describe_{kind}")(**{parameter: properties["TargetId"]})
        target = answer["DBClusters" if cluster else "DBInstances"][0]
        endpoint = target["Endpoint"]
        host, port = (endpoint, target.get("Port")) if cluster else (endpoint["Address"], endpoint["Port"])
        known = {
            "engine": "postgres" if "postgres" in target["Engine"] else target["Engine"],
            "host": host,
            "port": port,
            "dbname": target.get("DatabaseName") or target.get("DBName"),
            ("dbClusterIdentifier" if cluster else "dbInstanceIdentifier"): properties["TargetId"],
        }
        content.update({key: value for key, value in known.items() if value is not None})
        secrets.put_secret_value(SecretId=secret, SecretString=json.dumps(content))
        return Created(physical_id=secret)

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Write the address anew."""
        return self.create(context, new)

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Leave the secret as it is: secret and database go their own ways."""


# What a cluster goes back to when its property leaves the template.
_CLUSTER_DEFAULTS = {
    "BackupRetentionPeriod": 1,
    "CopyTagsToSnapshot": False,
    "DeletionProtection": False,
    "EnableHttpEndpoint": False,
    "EnableIAMDatabaseAuthentication": False,
}


class Cluster(Everything):
    """AWS::RDS::DBCluster: moto keeps the record, a real PostgreSQL holds the data."""

    def create(self, context: Context, properties: Properties) -> Created:
        """Start the database, then record the cluster with its real address."""
        _check_cluster(properties)
        identifier = str(properties.get("DBClusterIdentifier") or context.name(63)).lower()
        arn = context.place.arn("rds", f"cluster:{identifier}")
        host, port = context.services["databases"].ensure_cluster(
            identifier,
            arn,
            properties.get("MasterUsername", "postgres"),
            properties.get("MasterUserPassword", ""),
            properties.get("DatabaseName", "postgres"),
        )
        arguments = {**properties, "DBClusterIdentifier": identifier, "Port": port}
        cluster = call(context.place, "rds", "create_db_cluster", arguments)["DBCluster"]
        return Created(
            physical_id=identifier,
            attributes={
                "DBClusterArn": arn,
                "DBClusterResourceId": cluster.get("DbClusterResourceId", identifier),
                "Endpoint.Address": host,
                "Endpoint.Port": str(port),
                "ReadEndpoint.Address": host,
            },
        )

    def taken(self, context: Context, properties: Properties) -> str:
        """Return the identifier that a cluster has already: its database would be this one's too."""
        identifier = str(properties.get("DBClusterIdentifier", "")).lower()
        known = identifier and found(context.place, "rds", "describe_db_clusters", {"DBClusterIdentifier": identifier})
        return identifier if known else ""

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Change the record, and the master password with it."""
        gone = {name: value for name, value in _CLUSTER_DEFAULTS.items() if name in old and name not in new}
        arguments = {**gone, **new, "DBClusterIdentifier": existing.physical_id}
        call(context.place, "rds", "modify_db_cluster", arguments)
        if new.get("Tags") != old.get("Tags"):
            _CLUSTER_TAGS.apply(context, existing.physical_id, new, old)
        return existing

    def unreached(self, place: Place, old: Properties, new: Properties) -> list[str]:
        """Return what ModifyDBCluster does not take, and what cannot be taken back."""
        names, known = changed(old, new) - {"Tags"}, parameters_of(place, "rds", "modify_db_cluster")
        stuck = {name for name in names - new.keys() if name.lower() in known and name not in _CLUSTER_DEFAULTS}
        return sorted(n for n in names if n.lower() not in known) + [f"{name} (removed)" for name in sorted(stuck)]

    def delete(self, context: Context, existing: Created, properties: Properties) -> None:
        """Delete the record and the data, and the automated snapshots, as RDS does; moto keeps them."""
        rds, named = context.place.client("rds"), {"DBClusterIdentifier": existing.physical_id}
        for one in rds.describe_db_cluster_snapshots(**named, SnapshotType="automated")["DBClusterSnapshots"]:
            rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=one["DBClusterSnapshotIdentifier"])
        rds.modify_db_cluster(DBClusterIdentifier=existing.physical_id, DeletionProtection=False)
        rds.delete_db_cluster(DBClusterIdentifier=existing.physical_id, SkipFinalSnapshot=True)
        context.services["databases"].drop_cluster(existing.physical_id)


def _check_cluster(properties: Properties) -> None:
    """Raise ValueError for what the embedded PostgreSQL is not."""
    if properties.get("Engine", "aurora-postgresql") not in ("aurora-postgresql", "postgres"):
        raise ValueError(f"engine {properties['Engine']} is not emulated, only aurora-postgresql")
    if str(properties.get("ManageMasterUserPassword", False)).lower() == "true":
        raise ValueError(
            "ManageMasterUserPassword is not emulated: "
            "name a secret of your own by a dynamic reference in MasterUserPassword"
        )


def _rds_tags(kind: str) -> Setting:
    return tags("rds", "add_tags_to_resource", "remove_tags_from_resource", of="ResourceName", keys="TagKeys",
                put="Tags", by=f"arn:{{partition}}:rds:{{region}}:{{account}}:{kind}:{{id}}")  # fmt: skip


_CLUSTER_TAGS = _rds_tags("cluster")


def _lower_name(context: Context, properties: Properties) -> Properties:
    if context.resource_type == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in properties:
        raise ValueError("an instance without a cluster is not emulated: make it part of an AWS::RDS::DBCluster")
    names = ("DBInstanceIdentifier", "DBSubnetGroupName", "DBClusterParameterGroupName")
    return {key: value.lower() if key in names else value for key, value in properties.items()}


def _rds(create: str, ref: str, name: str, **rest: Any) -> Provider:
    return api("rds", create, ref, name=name, name_limit=60, name_lower=True, prepare=_lower_name, **rest)


PROVIDERS: dict[str, Provider] = {
    "AWS::SSM::Parameter": Parameter(
        service="ssm", create_call="put_parameter", ref="{Name}", name="Name", prepare=_parameter,
        update_call="put_parameter", defaults={"Description": "", "AllowedPattern": "", "DataType": "text"},
        settings=(tags("ssm", "add_tags_to_resource", "remove_tags_from_resource", of="ResourceId",
                       put="Tags", more={"ResourceType": "Parameter"}),),
        delete_call="delete_parameter", delete_with={"Name": "{id}"},
    ),
    "AWS::SecretsManager::Secret": Secret(
        service="secretsmanager", create_call="create_secret", ref="@ARN", name="Name", prepare=_secret,
        attributes={"Id": "{id}"}, update_call="update_secret", update_with={"SecretId": "{id}"},
        update_drops=("Type",),
        # No call takes a value away: it stays until another one is given. Nor does moto take a description away.
        defaults={"GenerateSecretString": None, "SecretString": None, "KmsKeyId": "alias/aws/secretsmanager"},
        settings=(tags("secretsmanager", "tag_resource", "untag_resource", of="SecretId", put="Tags"),),
        delete_call="delete_secret", delete_with={"SecretId": "{id}", "ForceDeleteWithoutRecovery": "true"},
    ),
    "AWS::SecretsManager::ResourcePolicy": api(
        "secretsmanager", "put_resource_policy", "@ARN", attributes={"Id": "{id}"}, update_call="put_resource_policy",
        update_drops=("BlockPublicPolicy",),
        delete_call="delete_resource_policy", delete_with={"SecretId": "{id}"},
    ),
    "AWS::SecretsManager::SecretTargetAttachment": SecretTargetAttachment(),
    "AWS::RDS::DBCluster": Cluster(),
    "AWS::RDS::DBInstance": _rds(
        "create_db_instance", "{DBInstanceIdentifier}", "DBInstanceIdentifier",
        attributes={"DBInstanceArn": "@DBInstance.DBInstanceArn", "Endpoint.Address": "@DBInstance.Endpoint.Address",
                    "Endpoint.Port": "@DBInstance.Endpoint.Port"},
        settings=(_rds_tags("db"),), update_call="modify_db_instance", update_with={"DBInstanceIdentifier": "{id}"},
        delete_call="delete_db_instance", delete_with={"DBInstanceIdentifier": "{id}", "SkipFinalSnapshot": "true"},
    ),
    "AWS::RDS::DBSubnetGroup": _rds(
        "create_db_subnet_group", "{DBSubnetGroupName}", "DBSubnetGroupName",
        settings=(_rds_tags("subgrp"),), update_call="modify_db_subnet_group",
        delete_call="delete_db_subnet_group", delete_with={"DBSubnetGroupName": "{id}"},
    ),
    "AWS::RDS::DBClusterParameterGroup": _rds(
        "create_db_cluster_parameter_group", "{DBClusterParameterGroupName}", "DBClusterParameterGroupName",
        rename={"Family": "DBParameterGroupFamily", "Parameters": "_"},
        delete_call="delete_db_cluster_parameter_group", delete_with={"DBClusterParameterGroupName": "{id}"},
    ),
}  # fmt: skip
