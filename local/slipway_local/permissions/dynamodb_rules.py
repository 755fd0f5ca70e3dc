"""DynamoDB: tables and indexes, each table of a batch, each part of a transaction, and the keys that a call names.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from slipway_local.permissions.calls import Call, UnknownCallError
from slipway_local.permissions.decision import Need

PARTS = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
EXPRESSIONS = (
    "ConditionExpression", "FilterExpression", "KeyConditionExpression", "ProjectionExpression", "UpdateExpression"
)  # fmt: skip
NAMED = ("AttributeUpdates", "AttributesToGet", "Expected", "Item", "Key", "KeyConditions", "QueryFilter", "ScanFilter")
KEYWORDS = {"ADD", "AND", "BETWEEN", "DELETE", "IN", "NOT", "OR", "REMOVE", "SET"}
TOP_LEVEL = re.compile(r"(?<![\w.:#])#?[A-Za-z_]\w*(?!\w*\s*\()")  # no nested attribute, value or function
EQUALITY = re.compile(r"(#?[\w.-]+)\s*=\s*(:\w+)")


def dynamodb(call: Call) -> list[Need] | None:
    """Return the needs of a call on tables; calls on streams and backups follow the general rules."""
    parameters = call.parameters
    if call.operation in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"):
        raise UnknownCallError(f"the tables of the PartiQL statement of dynamodb {call.operation}")
    if call.operation in ("TransactGetItems", "TransactWriteItems"):
        parts = [(kind, item) for one in parameters.get("TransactItems", ()) for kind, item in one.items()]
        return [
            _need(call, PARTS[kind], item, _leading(call, item, [item.get("Key") or item.get("Item") or {}]))
            for kind, item in parts
        ]
    if call.operation in ("BatchGetItem", "BatchWriteItem"):
        return [
            _batch_need(call, table, given, list(_batch(given)))
            for table, given in (parameters.get("RequestItems") or {}).items()
        ]
    if "TableName" not in parameters or call.operation in ("ListStreams", "ListBackups"):
        return None
    items = [one for one in (parameters.get("Key"), parameters.get("Item")) if one]
    return [_need(call, call.operation, parameters, _leading(call, parameters, items) or _queried(call))]


def _batch_need(call: Call, table: str, given: Any, items: list[Mapping[str, Any]]) -> Need:
    named = {**(given if isinstance(given, Mapping) else {}), "TableName": table}
    named["Item"] = {name: value for item in items for name, value in item.items()}
    return _need(call, call.operation, named, _leading(call, named, items))


def _attributes(parameters: Mapping[str, Any]) -> list[str]:
    """Return the top-level attributes that a request names, in items, keys and expressions."""
    names = parameters.get("ExpressionAttributeNames") or {}
    words = {word for one in EXPRESSIONS for word in TOP_LEVEL.findall(str(parameters.get(one) or ""))}
    found = {str(names.get(word, word)) for word in words if word.upper() not in KEYWORDS}
    return sorted(found | {str(name) for member in NAMED for name in parameters.get(member) or ()})


def _need(call: Call, action: str, parameters: Mapping[str, Any], leading: list[str]) -> Need:
    table = str(parameters["TableName"])
    arn = table if table.startswith("arn:") else call.arn(f"table/{table}")
    if index := parameters.get("IndexName"):
        arn = f"{arn}/index/{index}"
    context = {"dynamodb:leadingkeys": leading} if leading else {}
    if attributes := _attributes(parameters):
        context["dynamodb:attributes"] = attributes
    for member in ("Select", "ReturnValues", "ReturnConsumedCapacity"):
        if value := parameters.get(member):
            context[f"dynamodb:{member.lower()}"] = [str(value)]
    if action != call.operation:
        context["dynamodb:enclosingoperation"] = [call.operation]
    return Need(f"dynamodb:{action}", arn, context)


def _batch(given: Any) -> Iterable[Mapping[str, Any]]:
    for one in given.get("Keys", ()) if isinstance(given, Mapping) else given:
        request = one.get("PutRequest") or one.get("DeleteRequest") if isinstance(given, list) else {"Key": one}
        yield (request or {}).get("Item") or (request or {}).get("Key") or {}


def _partition_key(call: Call, parameters: Mapping[str, Any]) -> str | None:
    from moto.dynamodb.models import dynamodb_backends

    name = str(parameters["TableName"]).rsplit("/", 1)[-1]
    table = dynamodb_backends[call.account][call.region].tables.get(name)
    schema = table.schema if table else []
    if index := parameters.get("IndexName"):
        indexes = [*table.indexes, *table.global_indexes] if table else []
        schema = next((one.schema for one in indexes if one.name == index), [])
    return next((str(one["AttributeName"]) for one in schema if one["KeyType"] == "HASH"), None)


def _leading(call: Call, parameters: Mapping[str, Any], items: list[Mapping[str, Any]]) -> list[str]:
    """Return the partition keys' values of items, as text."""
    key = _partition_key(call, parameters) if any(items) else None
    return [str(value) for item in items if key and key in item for value in item[key].values()]


def _queried(call: Call) -> list[str]:
    """Return the partition key's value in a Query's key condition."""
    if call.operation != "Query":
        return []
    parameters = call.parameters
    key = _partition_key(call, parameters)
    legacy = (parameters.get("KeyConditions") or {}).get(key or "", {}).get("AttributeValueList", ())
    found = [str(value) for one in legacy for value in one.values()]
    names = parameters.get("ExpressionAttributeNames") or {}
    values = parameters.get("ExpressionAttributeValues") or {}
    for name, value in EQUALITY.findall(str(parameters.get("KeyConditionExpression", ""))):
        if names.get(name, name) == key and value in values:
            found += [str(one) for one in values[value].values()]
    return found
