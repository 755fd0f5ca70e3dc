"""The rules between settings: combinations that no deployment could satisfy, each with its remedy.

Each rule takes the settings and yields violations; `violations` runs them all, so a file's errors come at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks import settings_network_rules
from stacks.regions import can_call, partition_of, profile_prefix
from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings

# pgvector 0.8 (half-precision vectors, iterative index scans) came with these Aurora versions. Source: Aurora
# PostgreSQL release notes, "Extension versions".
ENGINE_MINIMUM = {15: 12, 16: 8, 17: 4}


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
        if region and not can_call(region, model.model_id):
            yield Violation(
                key=("gateway", "models", alias, "model_id"),
                expected=f"a model or inference profile that {region} can call",
                got=model.model_id,
                remedy=f"There are no inference profiles {profile_prefix(model.model_id)}.* there: take another prefix "
                "or the plain id.",
            )


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (
    _account_and_region,
    _one_key,
    _arns_of_here,
    *settings_network_rules.RULES,
    _aurora_capacity,
    _aurora_version,
    _chunks,
    _models,
)


def violations(settings: Settings) -> list[Violation]:
    """Return every broken rule of the settings, in the order of the sections."""
    return [violation for rule in RULES for violation in rule(settings)]
