"""The rules of the settings' network: what shapes a VPC that is made, and what tells one that exists."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings


# RFC 1918. Other ranges that Python calls private, like 127.0.0.0/8, are none that EC2 gives out.
PRIVATE = [ipaddress.IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
MOST_GROUPS = 5  # security groups of one network interface. Source: VPC user guide, "Amazon VPC quotas"


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
        usable = any(block.subnet_of(each) for each in PRIVATE) and 16 <= block.prefixlen <= 24
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
    groups = existing.security_group_ids
    if len(groups) > MOST_GROUPS or len(set(groups)) < len(groups):
        yield Violation(
            key=("network", "import", "security_group_ids"),
            expected=f"at most {MOST_GROUPS} groups, each once",
            got=groups,
            remedy="Remove those that repeat, or put the rules of several into one.",
        )
    for zone in zones:
        if settings.region and not re.fullmatch(re.escape(settings.region) + r"(-[a-z0-9-]+-[0-9])?[a-z]", zone):
            yield Violation(
                key=("network", "import", "availability_zones"),
                expected=f"zones of {settings.region}",
                got=zone,
                remedy="Name the zones by name (like eu-west-1a), not by id, and in the environment's region.",
            )


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (_network_mode, _created_network, _imported_network)
