"""The rules between settings: combinations that no deployment could satisfy, each with its remedy.

Each rule takes the settings and yields violations; `violations` runs them all, so a file's errors come at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks import (
    settings_access_rules,
    settings_account_rules,
    settings_augmentation_rules,
    settings_backup,
    settings_conversations_rules,
    settings_corpus_rules,
    settings_embedding_rules,
    settings_evaluation_rules,
    settings_knowledge_base,
    settings_labelling_rules,
    settings_models_rules,
    settings_network_rules,
    settings_prompts_rules,
    settings_retention_rules,
    settings_serving_rules,
    settings_store_kendra_rules,
    settings_store_opensearch_rules,
    settings_training_rules,
)
from stacks.settings_duplicates import duplicates_document
from stacks.settings_sources import rules_document
from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings

# pgvector 0.8 (half-precision vectors, iterative index scans) came with these Aurora versions. Source: Aurora
# PostgreSQL release notes, "Extension versions".
ENGINE_MINIMUM = {15: 12, 16: 8, 17: 4}
CHARACTERS_PER_TOKEN = 3  # few enough for European languages; a chunk that fits no prompt is never cited
# Lambda allows 4,096 bytes for all variables of a function; the others take up to 1,500. Source: Lambda quotas.
MAX_RULES_BYTES = 2_500


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
    if minor < ENGINE_MINIMUM.get(major, minor + 1):
        yield Violation(
            key=("retrieval", "aurora", "engine_version"),
            expected="15.12, 16.8, 17.4 or a later minor version of these, which carry pgvector 0.8",
            got=version,
            remedy="Take one of these that your region offers.",
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


def _sources(settings: Settings) -> Iterator[Violation]:
    ingestion = settings.ingestion
    prefixes = [source.prefix for source in ingestion.sources]
    for at, prefix in enumerate(prefixes):
        if prefix in prefixes[:at]:
            yield Violation(
                key=("ingestion", "sources", at, "prefix"),
                expected="a prefix that no other source has",
                got=prefix,
                remedy="Join the two sources, or make one prefix longer.",
            )
    told = rules_document(ingestion.rules, ingestion.sources)
    told += duplicates_document(ingestion.near_duplicates, ingestion.sources)
    size = len(told.encode())
    if size > MAX_RULES_BYTES:
        yield Violation(
            key=("ingestion", "sources"),
            expected=f"rule sets of at most {MAX_RULES_BYTES} bytes as JSON, which is what a function can be told",
            got=f"{size} bytes",
            remedy="Give sources with the same rules one shorter prefix, or make their rules the default.",
        )


def _context(settings: Settings) -> Iterator[Violation]:
    budget, chunk, tokens = (
        settings.gateway.context_max_tokens,
        settings.ingestion.chunk_characters,
        settings.ingestion.chunk_tokens,
    )
    needed = tokens or -(-chunk // CHARACTERS_PER_TOKEN)
    if budget < needed:
        size = f"{tokens} tokens" if tokens else f"{chunk} characters, {needed} tokens"
        yield Violation(
            key=("gateway", "context_max_tokens"),
            expected=f"room for one chunk of {size} or more",
            got=budget,
            remedy=f"Raise context_max_tokens or lower ingestion.{'chunk_tokens' if tokens else 'chunk_characters'}.",
        )


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (
    settings_access_rules.violations,
    settings_corpus_rules.violations,
    settings_labelling_rules.violations,
    settings_training_rules.violations,
    settings_serving_rules.violations,
    *settings_account_rules.RULES,
    *settings_network_rules.RULES,
    *settings_retention_rules.RULES,
    *settings_embedding_rules.RULES,
    *settings_knowledge_base.RULES,
    *settings_store_kendra_rules.RULES,
    *settings_store_opensearch_rules.RULES,
    _aurora_capacity,
    _aurora_version,
    _chunks,
    _sources,
    _context,
    *settings_models_rules.RULES,
    *settings_conversations_rules.RULES,
    *settings_prompts_rules.RULES,
    *settings_augmentation_rules.RULES,
    *settings_backup.RULES,
    *settings_evaluation_rules.RULES,
)


def violations(settings: Settings) -> list[Violation]:
    """Return every broken rule of the settings, in the order of the sections."""
    return [violation for rule in RULES for violation in rule(settings)]
