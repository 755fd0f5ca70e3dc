"""The rules between settings: combinations that no deployment could satisfy, each with its remedy.

Each rule takes the settings and yields violations; `violations` runs them all, so a file's errors come at once.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stacks.settings import Settings

# pgvector 0.8 (half-precision vectors, iterative index scans) came with these Aurora versions. Source: Aurora
# PostgreSQL release notes, "Extension versions".
ENGINE_MINIMUM = {15: 12, 16: 8, 17: 4}
# Prefixes of system-defined inference profiles, and the regions they can be called from. Source: Amazon Bedrock user
# guide, "Supported Regions and models for inference profiles".
PROFILE_REGIONS = {
    "us": r"us-(?!gov|iso).*",
    "us-gov": r"us-gov-.*",
    "eu": r"eu-.*",
    "apac": r"ap-.*",
    "jp": r"ap-northeast-.*",
    "au": r"ap-southeast-.*",
    "ca": r"ca-.*",
    "global": r"(?!cn-|us-gov-|us-iso|eusc-).*",
}


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One broken rule: the key to blame, what was expected, what was found, and what to do about it."""

    key: tuple[str, ...]
    expected: str
    got: object
    remedy: str

    @property
    def text(self) -> str:
        """Return the violation as one line, without file and line number."""
        return f"{'.'.join(self.key)}: expected {self.expected}, got {self.got}. {self.remedy}"


class ImpossibleSettingsError(ValueError):
    """Settings that are each valid and do not go together; `violations` says which."""

    def __init__(self, found: list[Violation]) -> None:
        super().__init__("; ".join(violation.text for violation in found))
        self.violations = found


def profile_prefix(model_id: str) -> str | None:
    """Return the prefix that makes a Bedrock id an inference profile's (`eu`, `global` …), or None without one."""
    head = model_id.split(".", 1)[0]
    return head if head in PROFILE_REGIONS else None


def partition_of(region: str) -> str:
    """Return the AWS partition of a region, such as `aws-cn` for cn-north-1."""
    known = {
        "cn-": "aws-cn",
        "us-gov-": "aws-us-gov",
        "us-iso-": "aws-iso",
        "us-isob-": "aws-iso-b",
        "eusc-": "aws-eusc",
    }
    return next((partition for prefix, partition in known.items() if region.startswith(prefix)), "aws")


def _account_and_region(settings: Settings) -> Iterator[Violation]:
    if (settings.account is None) == (settings.region is None):
        return
    missing, given = ("account", "region") if settings.account is None else ("region", "account")
    yield Violation(
        key=(missing,),
        expected=f"a value, because {given} has one",
        got="none",
        remedy="Give both, or leave both open to deploy wherever the credentials point.",
    )


def _one_key(settings: Settings) -> Iterator[Violation]:
    encryption = settings.encryption
    if encryption.customer_managed_key and encryption.key_arn:
        yield Violation(
            key=("encryption", "customer_managed_key"),
            expected="false beside encryption.key_arn",
            got="true",
            remedy="Remove customer_managed_key to use the existing key, or key_arn to have one made.",
        )


def _arns_of_here(settings: Settings) -> Iterator[Violation]:
    region = settings.region
    if region is None:
        return
    key_arn, boundary = settings.encryption.key_arn, settings.permissions_boundary
    if key_arn and key_arn.split(":")[3] != region:
        yield Violation(
            key=("encryption", "key_arn"),
            expected=f"a key in {region}",
            got=f"one in {key_arn.split(':')[3]}",
            remedy="KMS keys work in their own region only: name one of this region or its replica here.",
        )
    if boundary and boundary.startswith("arn:") and boundary.split(":")[1] != partition_of(region):
        yield Violation(
            key=("permissions_boundary",),
            expected=f"an ARN that starts with arn:{partition_of(region)}",
            got=boundary,
            remedy="Give the policy's name alone; then the partition and the account follow the deployment.",
        )


def _network_mode(settings: Settings) -> Iterator[Violation]:
    network = settings.network
    if network.mode == "import" and network.existing is None:
        yield Violation(
            key=("network", "import"),
            expected="the attributes of the VPC",
            got="none",
            remedy="Add vpc_id, subnet_ids and availability_zones under network.import, or choose mode create.",
        )
    if network.mode != "import" and network.existing is not None:
        yield Violation(
            key=("network", "import"),
            expected="nothing with mode " + network.mode,
            got="the attributes of a VPC",
            remedy="Set network.mode to import, or remove network.import.",
        )
    if network.mode == "create":
        return
    for name in sorted({"cidr", "availability_zones", "nat_gateways"} & network.model_fields_set):
        yield Violation(
            key=("network", name),
            expected="nothing with mode " + network.mode,
            got=getattr(network, name),
            remedy="It shapes a VPC that is created: set network.mode to create, or remove the key.",
        )


def _created_network(settings: Settings) -> Iterator[Violation]:
    network = settings.network
    if network.nat_gateways > network.availability_zones:
        yield Violation(
            key=("network", "nat_gateways"),
            expected=f"at most one for each of {network.availability_zones} availability zones",
            got=network.nat_gateways,
            remedy="Lower nat_gateways or raise availability_zones.",
        )
    try:
        block = ipaddress.IPv4Network(network.cidr)
        usable = block.is_private and 16 <= block.prefixlen <= 24
    except ValueError:
        usable = False
    if not usable:
        yield Violation(
            key=("network", "cidr"),
            expected="a private IPv4 range from /16 to /24 that starts at its first address",
            got=network.cidr,
            remedy="Take for example 10.40.0.0/16.",
        )


def _imported_network(settings: Settings) -> Iterator[Violation]:
    existing = settings.network.existing
    if existing is None:
        return
    zones, subnets = existing.availability_zones, existing.subnet_ids
    if len(zones) != len(subnets) or len(set(zones)) < 2 or len(set(subnets)) < len(subnets):
        yield Violation(
            key=("network", "import", "availability_zones"),
            expected=f"the zone of each of the {len(subnets)} different subnets, in their order, two zones at least",
            got=zones,
            remedy="List one zone for each subnet; Aurora needs subnets in two zones.",
        )
    for zone in zones:
        if settings.region and not re.fullmatch(re.escape(settings.region) + r"(-[a-z0-9-]+-\d)?[a-z]", zone):
            yield Violation(
                key=("network", "import", "availability_zones"),
                expected=f"zones of {settings.region}",
                got=zone,
                remedy="Name the zones by name (like eu-west-1a), not by id, and in the environment's region.",
            )


def _aurora_capacity(settings: Settings) -> Iterator[Violation]:
    aurora, section = settings.retrieval.aurora, ("retrieval", "aurora")
    if aurora.min_acu > aurora.max_acu:
        yield Violation(
            key=(*section, "min_acu"),
            expected=f"at most max_acu, which is {aurora.max_acu:g}",
            got=f"{aurora.min_acu:g}",
            remedy="Lower min_acu or raise max_acu.",
        )
    if aurora.auto_pause_minutes is not None and aurora.min_acu > 0:
        yield Violation(
            key=(*section, "auto_pause_minutes"),
            expected=f"nothing with min_acu {aurora.min_acu:g}",
            got=aurora.auto_pause_minutes,
            remedy="Set min_acu to 0 to let the cluster pause, or remove auto_pause_minutes.",
        )


def _aurora_version(settings: Settings) -> Iterator[Violation]:
    version = settings.retrieval.aurora.engine_version
    major, minor = (int(part) for part in version.split("."))
    if minor < ENGINE_MINIMUM.get(major, 0 if major > max(ENGINE_MINIMUM) else minor + 1):
        yield Violation(
            key=("retrieval", "aurora", "engine_version"),
            expected="15.12, 16.8, 17.4 or a later version, which carry pgvector 0.8",
            got=version,
            remedy="Take a later version that your region offers.",
        )


def _chunks(settings: Settings) -> Iterator[Violation]:
    ingestion = settings.ingestion
    if ingestion.chunk_overlap_characters * 2 > ingestion.chunk_characters:
        yield Violation(
            key=("ingestion", "chunk_overlap_characters"),
            expected=f"at most half of chunk_characters, which is {ingestion.chunk_characters}",
            got=ingestion.chunk_overlap_characters,
            remedy="Lower the overlap or raise chunk_characters.",
        )


def _models(settings: Settings) -> Iterator[Violation]:
    models, region = settings.gateway.models, settings.region
    if "default" not in models:
        yield Violation(
            key=("gateway", "models"),
            expected="an alias named default",
            got=sorted(models) or "no alias",
            remedy="Rename the alias that clients get when they do not care, or add one.",
        )
    for alias, model in models.items():
        prefix = profile_prefix(model.model_id)
        if region and prefix and not re.fullmatch(PROFILE_REGIONS[prefix], region):
            yield Violation(
                key=("gateway", "models", alias, "model_id"),
                expected=f"a model or inference profile that {region} can call",
                got=model.model_id,
                remedy=f"There are no inference profiles {prefix}.* there: take another prefix or the plain id.",
            )


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (
    _account_and_region,
    _one_key,
    _arns_of_here,
    _network_mode,
    _created_network,
    _imported_network,
    _aurora_capacity,
    _aurora_version,
    _chunks,
    _models,
)


def violations(settings: Settings) -> list[Violation]:
    """Return every broken rule of the settings, in the order of the sections."""
    return [violation for rule in RULES for violation in rule(settings)]
