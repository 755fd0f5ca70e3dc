"""DynamoDB tables and global tables, of which this region has the only replica."""

import dataclasses
import json
from typing import Any

from slipway_local.aws import Place
from slipway_local.deploy.providers.api import Api, Setting, tags
from slipway_local.deploy.providers.base import Context, Created, Properties, Provider
from slipway_local.deploy.providers.calls import call


def _table(context: Context, properties: Properties) -> Properties:
    if stream := properties.get("StreamSpecification"):
        properties["StreamSpecification"] = {"StreamEnabled": True, **stream}
    if encryption := properties.get("SSESpecification"):
        properties["SSESpecification"] = _encryption(encryption)
    if policy := properties.get("ResourcePolicy"):
        properties["ResourcePolicy"] = json.dumps(policy["PolicyDocument"])
    if "BillingMode" not in properties and "ProvisionedThroughput" not in properties:
        properties["BillingMode"] = "PAY_PER_REQUEST"
    return properties


def _encryption(value: Properties) -> Properties:
    given: Properties = {key: value[key] for key in ("SSEType", "KMSMasterKeyId") if key in value}
    return {"Enabled": value.get("SSEEnabled", True), **given}


def _encrypt(context: Context, table: str, new: Properties, old: Properties) -> None:
    _update(context, table, SSESpecification=_encryption(new.get("SSESpecification", {"SSEEnabled": False})))


def _update(context: Context, table: str, **arguments: Any) -> None:
    call(context.place, "dynamodb", "update_table", {"TableName": table, **arguments})


def _recovery(context: Context, table: str, new: Properties, old: Properties) -> None:
    wanted = new.get("PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False})
    arguments = {"TableName": table, "PointInTimeRecoverySpecification": wanted}
    call(context.place, "dynamodb", "update_continuous_backups", arguments)


def _expiry(context: Context, table: str, new: Properties, old: Properties) -> None:
    """Switch the old attribute off before another one is switched on."""
    name = "TimeToLiveSpecification"
    gone = [{**old[name], "Enabled": False}] if _on(old.get(name)) else []
    for wanted in [*gone, *([new[name]] if _on(new.get(name)) else [])]:
        call(context.place, "dynamodb", "update_time_to_live", {"TableName": table, name: wanted})


def _on(expiry: Properties | None) -> bool:
    return expiry is not None and str(expiry.get("Enabled")).lower() == "true"


def _stream(context: Context, table: str, new: Properties, old: Properties) -> None:
    """End the old stream before another one begins."""
    if old.get("StreamSpecification"):
        _update(context, table, StreamSpecification={"StreamEnabled": False})
    if new.get("StreamSpecification"):
        _update(context, table, StreamSpecification={"StreamEnabled": True, **new["StreamSpecification"]})


def _capacity(context: Context, table: str, new: Properties, old: Properties) -> None:
    mode = _table(context, {**new}).get("BillingMode", "PROVISIONED")
    none = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    _update(context, table, BillingMode=mode, ProvisionedThroughput=new.get("ProvisionedThroughput", none))


def _protection(context: Context, table: str, new: Properties, old: Properties) -> None:
    _update(context, table, DeletionProtectionEnabled=new.get("DeletionProtectionEnabled", False))


def _indexes(context: Context, table: str, new: Properties, old: Properties) -> None:
    """Change indexes one by one, as UpdateTable wants it."""
    after = {index["IndexName"]: index for index in new.get("GlobalSecondaryIndexes", [])}
    before = {index["IndexName"]: index for index in old.get("GlobalSecondaryIndexes", [])}
    changes = [{"Delete": {"IndexName": name}} for name in before if after.get(name) != before[name]]
    changes += [{"Create": after[name]} for name in after if after[name] != before.get(name)]
    if len(changes) > 1:
        raise ValueError("Cannot perform more than one GSI creation or deletion in a single update")
    for change in changes:
        definitions = new["AttributeDefinitions"]
        _update(context, table, AttributeDefinitions=definitions, GlobalSecondaryIndexUpdates=[change])
    if not changes:
        _update(context, table, AttributeDefinitions=new["AttributeDefinitions"])


class Table(Api):
    """AWS::DynamoDB::Table; its stream may come and go."""

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Change the table and ask which stream it has now."""
        super().update(context, existing, old, new)
        answer = call(context.place, "dynamodb", "describe_table", {"TableName": existing.physical_id})["Table"]
        return dataclasses.replace(
            existing, attributes={**existing.attributes, "StreamArn": answer.get("LatestStreamArn")}
        )


class GlobalTable(Table):
    """AWS::DynamoDB::GlobalTable: the settings of this region's replica count as the table's own."""

    def create(self, context: Context, properties: Properties) -> Created:
        """Create the table in this region."""
        return super().create(context, _here(context.place, properties))

    def update(self, context: Context, existing: Created, old: Properties, new: Properties) -> Created:
        """Change the table in this region."""
        return super().update(context, existing, _here(context.place, old), _here(context.place, new))

    def unreached(self, place: Place, old: Properties, new: Properties) -> list[str]:
        """Return what no call changes; replicas elsewhere are among it."""
        return super().unreached(place, _here(place, old), _here(place, new))


def _here(place: Place, properties: Properties) -> Properties:
    elsewhere = [replica for replica in properties.get("Replicas", []) if replica["Region"] != place.region]
    here: Properties = next((replica for replica in properties.get("Replicas", []) if replica not in elsewhere), {})
    others = {"Replicas": elsewhere} if elsewhere else {}
    rest = {key: value for key, value in properties.items() if key != "Replicas"}
    return {**{key: value for key, value in here.items() if key != "Region"}, **rest, **others}


_TABLE: dict[str, Any] = {
    "service": "dynamodb",
    "create_call": "create_table",
    "ref": "{TableName}",
    "name": "TableName",
    "name_limit": 255,
    "prepare": _table,
    "settings": (
        Setting(_recovery, "PointInTimeRecoverySpecification"),
        Setting(_expiry, "TimeToLiveSpecification"),
        Setting(_capacity, "BillingMode", "ProvisionedThroughput", created=False),
        Setting(_stream, "StreamSpecification", created=False),
        Setting(_encrypt, "SSESpecification", created=False),
        Setting(_protection, "DeletionProtectionEnabled", created=False),
        Setting(_indexes, "GlobalSecondaryIndexes", "AttributeDefinitions", created=False),
        tags("dynamodb", "tag_resource", "untag_resource", put="Tags",
             by="arn:{partition}:dynamodb:{region}:{account}:table/{id}"),
    ),
    "attributes": {
        "Arn": "@TableDescription.TableArn",
        "StreamArn": "@TableDescription.LatestStreamArn",
        "TableId": "@TableDescription.TableId",
    },
    "delete_call": "delete_table",
    "delete_with": {"TableName": "{id}"},
}  # fmt: skip
PROVIDERS: dict[str, Provider] = {
    "AWS::DynamoDB::Table": Table(**_TABLE),
    "AWS::DynamoDB::GlobalTable": GlobalTable(**_TABLE),
}
