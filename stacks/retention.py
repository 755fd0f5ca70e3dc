"""Lifecycle rules of the buckets, as the settings of retention have them."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3

from stacks.settings_retention import Kept, Retention, Transition

# Where runs over the corpus write, and what is made of documents for training; their indexes lie below `index/`.
CORPUS = ("corpus/", "corpus-rejects/", "corpus-duplicates/")
ARTIFACTS = ("datasets/", "augmented/", "labels/", "augmentation-runs/", "labelling/")
# What people put there, which nothing but a deletion takes away.
GIVEN = ("evaluation-sets/", "feedback/")
# No tenant has such a name: what Firehose could not process lies beside the documents and is none.
STREAM_ERRORS = "_stream-errors/"
# What runs leave when they fail.
CORPUS_WORK, ARTIFACTS_WORK = "corpus-staged/", "datasets-work/"
CLASSES = {
    "STANDARD_IA": s3.StorageClass.INFREQUENT_ACCESS,
    "GLACIER_IR": s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
    "GLACIER": s3.StorageClass.GLACIER,
    "DEEP_ARCHIVE": s3.StorageClass.DEEP_ARCHIVE,
}


def raw_rules(retention: Retention, *, streams: bool) -> list[s3.LifecycleRule]:
    """Return the rules of the raw bucket. What expires leaves a delete marker, whose event removes the document.

    `streams`: records come in by Firehose, and those that it could not process are kept for 30 days.
    """
    rules = [_raw_rule(rule) for rule in retention.rules if rule.originals or rule.old_versions or rule.expire_days]
    return [*rules, *([leftover(STREAM_ERRORS, days=30)] if streams else [])]


def expiry(prefixes: tuple[str, ...], days: int | None) -> list[s3.LifecycleRule]:
    """Return rules that expire what lies below the prefixes and its indexes, none where it is kept without end."""
    if days is None:
        return []
    folders = [*prefixes, *(f"index/{prefix}" for prefix in prefixes)]
    return [s3.LifecycleRule(prefix=folder, expiration=cdk.Duration.days(days)) for folder in folders]


def leftover(prefix: str, *, days: int) -> s3.LifecycleRule:
    """Return the rule of what stays only where something has failed."""
    return s3.LifecycleRule(
        prefix=prefix,
        expiration=cdk.Duration.days(days),
        noncurrent_version_expiration=cdk.Duration.days(1),
    )


def _raw_rule(rule: Kept) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        prefix=rule.prefix or None,
        transitions=[
            s3.Transition(storage_class=CLASSES[move.storage_class], transition_after=_days(move))
            for move in rule.originals
        ]
        or None,
        noncurrent_version_transitions=[
            s3.NoncurrentVersionTransition(storage_class=CLASSES[move.storage_class], transition_after=_days(move))
            for move in rule.old_versions
        ]
        or None,
        expiration=cdk.Duration.days(rule.expire_days) if rule.expire_days else None,
    )


def _days(move: Transition) -> cdk.Duration:
    return cdk.Duration.days(move.after_days)
