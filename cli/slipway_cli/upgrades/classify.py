"""What CloudFormation does to a resource when its template changes, by the provider schemas that cfn-lint ships.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
and https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html (createOnlyProperties,
conditionalCreateOnlyProperties).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from slipway_cli.upgrades.differences import (
    Path,
    changed_paths,
    concerned,
    references,
    value_at,
    without_order,
)
from slipway_local.deploy.schemas import schema_of

# The schemas do not tell interruptions: "Update requires: Some interruptions" in the template reference of each type.
INTERRUPTING = {
    "AWS::EC2::Instance": ("InstanceType", "EbsOptimized", "UserData"),
    "AWS::ElastiCache::ReplicationGroup": ("CacheNodeType", "EngineVersion"),
    "AWS::KinesisFirehose::DeliveryStream": ("ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"),
    "AWS::OpenSearchService::Domain": ("ClusterConfig", "EBSOptions", "EngineVersion"),
    "AWS::RDS::DBCluster": ("DBClusterParameterGroupName", "EngineVersion", "Port"),
    "AWS::RDS::DBInstance": (
        *("AllocatedStorage", "CACertificateIdentifier", "DBInstanceClass", "DBParameterGroupName", "EngineVersion"),
        *("Iops", "OptionGroupName", "StorageType"),
    ),
}


class Effect(StrEnum):
    """What happens to what is deployed, from nothing to loss."""

    ADDED = "added"
    NO_INTERRUPTION = "no interruption"
    SOME_INTERRUPTION = "some interruption"
    UNKNOWN = "unknown"
    POSSIBLE_REPLACEMENT = "possible replacement"
    REPLACEMENT = "replacement"
    RENAMED = "logical id change"
    DELETION = "deletion"


REPLACING = (Effect.POSSIBLE_REPLACEMENT, Effect.REPLACEMENT)


@dataclass(frozen=True)
class Classified:
    """An effect, and the properties or words that cause it."""

    effect: Effect
    because: tuple[str, ...]


def classify(old: dict[str, Any], new: dict[str, Any], region: str) -> Classified | None:
    """What an update from one resource to the other of the same logical id does; None if nothing changes."""
    kind = new["Type"]
    if old["Type"] != kind:
        return Classified(Effect.REPLACEMENT, (f"its type was {old['Type']}; CloudFormation refuses this update",))
    schema = schema_of(kind, region) or {}
    before, after = (without_order(item.get("Properties", {}), schema) for item in (old, new))
    changed = list(dict.fromkeys(changed_paths(before, after)))
    if not changed:
        policies = [name for name in ("DeletionPolicy", "UpdateReplacePolicy") if old.get(name) != new.get(name)]
        return Classified(Effect.NO_INTERRUPTION, tuple(policies)) if policies else None
    if "Custom::" in kind or kind == "AWS::CloudFormation::CustomResource":
        moved = ("ServiceToken",) in changed
        return Classified(Effect.REPLACEMENT if moved else Effect.NO_INTERRUPTION, _texts(changed))
    if not schema:
        return Classified(Effect.UNKNOWN, ("no schema of this type is installed", *_texts(changed)))
    return _worst(kind, schema, changed)


def _worst(kind: str, schema: dict[str, Any], changed: list[Path]) -> Classified:
    interrupting = [f"/properties/{name}" for name in INTERRUPTING.get(kind, ())]
    for effect, listed in (
        (Effect.REPLACEMENT, schema.get("createOnlyProperties", [])),
        (Effect.POSSIBLE_REPLACEMENT, schema.get("conditionalCreateOnlyProperties", [])),
        (Effect.SOME_INTERRUPTION, interrupting),
    ):
        if causes := [path for path in changed if concerned(path, listed)]:
            return Classified(effect, _texts(causes))
    return Classified(Effect.NO_INTERRUPTION, _texts(changed))


def replaced_with(resource: dict[str, Any], replaced: set[str], region: str) -> str:
    """Which replaced resource this one names in a property that cannot be updated; empty if none.

    A replaced resource has a new physical id, so what names it there is replaced too.
    """
    schema = schema_of(resource["Type"], region) or {}
    for pointer in schema.get("createOnlyProperties", []):
        path = tuple(name for name in pointer.split("/")[2:] if name != "*")
        for name in references(value_at(resource.get("Properties", {}), path)):
            if name in replaced:
                return name
    return ""


def _texts(paths: list[Path]) -> tuple[str, ...]:
    return tuple(".".join(path).replace(".*", "[]") for path in paths)
