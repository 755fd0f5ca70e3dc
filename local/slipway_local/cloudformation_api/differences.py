"""What deploying would do to each resource, as a change set lists it.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from typing import Any

from slipway_local.aws import Place
from slipway_local.deploy.intrinsics import Resolver
from slipway_local.deploy.plan import Planned
from slipway_local.deploy.replacement import replacing_properties
from slipway_local.deploy.request import Prepared
from slipway_local.deploy.schemas import property_names, schema_of
from slipway_local.deploy.stack_state import Record

Change = dict[str, Any]


def changes(prepared: Prepared, resolver: Resolver, place: Place) -> list[Change]:
    """Return the changes; `resolver` is partial, over the stack as it is."""
    records = prepared.state.records
    found: list[Change] = []
    moved: set[str] = set()  # what is new, replaced or changed: references to it are not known yet
    for one in prepared.planned:
        record = records.get(one.logical_id)
        change = _added(one) if record is None else _modified(one, record, resolver, moved, place)
        if change:
            if change.get("Replacement") != "False":
                moved.add(one.logical_id)
            found.append(change)
    wanted = {one.logical_id for one in prepared.planned}
    found += [_removed(record) for key, record in records.items() if key not in wanted]
    return [{"Type": "Resource", "ResourceChange": change} for change in found]


def _added(one: Planned) -> Change:
    return {"Action": "Add", "LogicalResourceId": one.logical_id, "ResourceType": one.type, "Scope": [], "Details": []}


def _removed(record: Record) -> Change:
    return {
        "Action": "Remove",
        "PolicyAction": "Retain" if record.retain else "Delete",
        "LogicalResourceId": record.logical_id,
        "PhysicalResourceId": record.physical_id,
        "ResourceType": record.type,
        "Scope": [],
        "Details": [],
    }


def _modified(one: Planned, record: Record, resolver: Resolver, moved: set[str], place: Place) -> Change | None:
    wanted = resolver.resolve(one.properties)
    names = sorted(n for n in {*wanted, *record.properties} if wanted.get(n) != record.properties.get(n))
    dynamic = moved & set(one.depends_on)
    if not names and not dynamic:
        return None
    create_only = property_names(schema_of(one.type, place.region) or {}, "createOnlyProperties")
    replacing = replacing_properties(one, record.properties, wanted, place) if names else set()
    if not one.provider.updatable or record.type != one.type:
        replacing = set(names)
    certain = "True" if replacing else "False"
    return {
        "Action": "Modify",
        "LogicalResourceId": record.logical_id,
        "PhysicalResourceId": record.physical_id,
        "ResourceType": one.type,
        "Replacement": "Conditional" if dynamic and not replacing and create_only else certain,
        "Scope": ["Properties"],
        "Details": [_detail(name, name in replacing, dynamic=False) for name in names]
        or [_detail(name, name in create_only, dynamic=True) for name in one.properties],
    }


def _detail(name: str, replaces: bool, *, dynamic: bool) -> Change:
    recreation = "Never" if not replaces else "Conditionally" if dynamic else "Always"
    return {
        "Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation},
        "Evaluation": "Dynamic" if dynamic else "Static",
        "ChangeSource": "ResourceAttribute" if dynamic else "DirectModification",
    }
