"""The rules between settings about account, region, tags, keys and policies."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks.regions import REGIONS, partition_of
from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings

# `slipway:empty-on-delete` decides about data, so nobody sets it by hand.
RESERVED = ("aws:", "slipway:")
MOST_TAGS = 40
# Letters and digits of any script. Source: Tagging AWS resources user guide, "Tag naming limits and requirements".
TAG_TEXT = re.compile(r"[\w .:/=+@-]*")
TAG_HAS = "letters, digits, spaces and _ . : / = + - @"
SHORTEN = "Remove the other characters, or shorten it."


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


def _known_region(settings: Settings) -> Iterator[Violation]:
    if settings.region is None or settings.region in REGIONS:
        return
    close = difflib.get_close_matches(settings.region, REGIONS, n=3)
    yield Violation(
        key=("region",),
        expected="an AWS region",
        got=settings.region,
        remedy=(f"Did you mean {' or '.join(close)}? " if close else "Name one like eu-west-1. ")
        + "A region newer than this release belongs into REGIONS of stacks/regions.py.",
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


def _key_of_here(settings: Settings) -> Iterator[Violation]:
    region, key_arn = settings.region, settings.encryption.key_arn
    if region is None or key_arn is None:
        return
    _, partition, _, where, account, _ = key_arn.split(":", 5)
    if where != region:
        yield Violation(
            key=("encryption", "key_arn"),
            expected=f"a key in {region}",
            got=f"one in {where}",
            remedy="KMS keys work in their own region only: name one of this region or its replica here.",
        )
    elif (partition, account) != (partition_of(region), settings.account or account):
        yield Violation(
            key=("encryption", "key_arn"),
            expected=f"a key of partition {partition_of(region)} and account {settings.account}",
            got=key_arn,
            remedy="Name a key of this account.",
        )


def _boundary_of_here(settings: Settings) -> Iterator[Violation]:
    region, boundary = settings.region, settings.permissions_boundary
    if region is None or boundary is None or not boundary.startswith("arn:"):
        return
    start = f"arn:{partition_of(region)}:iam::{settings.account or boundary.split(':')[4]}:"
    if not boundary.startswith(start):
        yield Violation(
            key=("permissions_boundary",),
            expected=f"an ARN that starts with {start}",
            got=boundary,
            remedy="Give the policy's name alone; then the partition and the account follow the deployment.",
        )


def _tags(settings: Settings) -> Iterator[Violation]:
    if len(settings.tags) > MOST_TAGS:
        yield Violation(
            key=("tags",),
            expected=f"at most {MOST_TAGS} tags",
            got=len(settings.tags),
            remedy="AWS takes 50 for each resource, and some are set by Slipway and the CDK: remove the least useful.",
        )
    for at, (name, value) in enumerate(settings.tags.items()):
        earlier = [other for other in list(settings.tags)[:at] if other.lower() == name.lower()]
        if earlier:
            yield Violation(
                key=("tags", name),
                expected="keys that differ in more than upper and lower case",
                got=f"{name} beside {earlier[0]}",
                remedy="IAM takes them for the same key and refuses the role: remove one.",
            )
        elif name.lower().startswith(RESERVED):
            yield Violation(
                key=("tags", name),
                expected="a key that does not begin with aws: or slipway:",
                got=name,
                remedy="AWS and Slipway set those themselves: choose another key.",
            )
        elif not TAG_TEXT.fullmatch(name) or not 1 <= len(name) <= 128:
            yield Violation(key=("tags", name), expected=f"a key of 1 to 128 {TAG_HAS}", got=repr(name), remedy=SHORTEN)
        elif not TAG_TEXT.fullmatch(value) or len(value) > 256:
            yield Violation(key=("tags", name), expected=f"at most 256 {TAG_HAS}", got=repr(value), remedy=SHORTEN)


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (
    _account_and_region,
    _known_region,
    _tags,
    _one_key,
    _key_of_here,
    _boundary_of_here,
)
