"""Cold storage, expiry, legal holds and the nightly erasure: what they make, and what S3 would refuse.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""

import json
from pathlib import Path
from typing import Any

import pytest

from support.settings import errors

ON = """
removal: destroy
ingestion:
  keep_versions_days: 365
  retention:
    legal_hold: true
    erasure_hour: 22
    corpus_days: 90
    artifacts_days: 400
    rules:
      - prefix: acme/mail/
        originals: [{storage_class: STANDARD_IA, after_days: 30}, {storage_class: DEEP_ARCHIVE, after_days: 90}]
        old_versions: [{storage_class: GLACIER, after_days: 7}]
        expire_days: 2555
"""
RULE = "ingestion:\n  retention:\n    rules:\n      - "


def lifecycle(templates: Any, name: str) -> list[dict[str, Any]]:
    (bucket,) = [
        item["Properties"]
        for logical, item in templates["foundation"]["Resources"].items()
        if item["Type"] == "AWS::S3::Bucket" and logical.startswith(name)
    ]
    rules: list[dict[str, Any]] = bucket["LifecycleConfiguration"]["Rules"]
    return rules


@pytest.mark.capability("D11")
def test_the_rules_of_the_settings_are_those_of_the_buckets(synthesise: Any) -> None:
    trial = synthesise(ON)
    (rule,) = [each for each in lifecycle(trial, "Raw") if "Prefix" in each]

    assert rule["Prefix"] == "acme/mail/"
    assert rule["ExpirationInDays"] == 2555
    assert rule["Transitions"] == [
        {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
        {"StorageClass": "DEEP_ARCHIVE", "TransitionInDays": 90},
    ]
    assert rule["NoncurrentVersionTransitions"] == [{"StorageClass": "GLACIER", "TransitionInDays": 7}]
    expiring = {each["Prefix"]: each["ExpirationInDays"] for each in lifecycle(trial, "Artifacts") if "Prefix" in each}
    assert expiring == {
        "datasets-work/": 7,
        **{
            f"{folder}{name}/": 400
            for folder in ("", "index/")
            for name in ("datasets", "augmented", "labels", "augmentation-runs", "labelling")
        },
    }
    assert {each["Prefix"]: each["ExpirationInDays"] for each in lifecycle(trial, "Curated") if "Prefix" in each} == {
        "corpus-staged/": 14,
        **{
            f"{folder}{name}/": 90
            for folder in ("", "index/")
            for name in ("corpus", "corpus-rejects", "corpus-duplicates")
        },
    }


@pytest.mark.capability("D9")
@pytest.mark.capability("D11")
def test_what_a_stream_could_not_process_expires_where_there_are_streams(synthesise: Any) -> None:
    (rule,) = [
        each for each in lifecycle(synthesise("ingestion: {streaming: {tenants: [acme]}}"), "Raw") if "Prefix" in each
    ]

    assert (rule["Prefix"], rule["ExpirationInDays"]) == ("_stream-errors/", 30)
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert [each for each in lifecycle(synthesise("ingestion: {}"), "Raw") if "Prefix" in each] == []


@pytest.mark.capability("D11")
def test_legal_holds_give_the_raw_bucket_object_lock_and_who_needs_it_the_permission(synthesise: Any) -> None:
    trial = synthesise(ON)
    locked = [item["Properties"].get("ObjectLockEnabled") for item in trial.of("foundation", "AWS::S3::Bucket")]

    assert sorted(map(str, locked)) == ["None", "None", "None", "True"]
    assert trial.unpublished() == []
    assert "s3:PutObjectLegalHold" in trial.allowed("ingestion", "Ingest")
    assert "HOLDS_TABLE" in trial.function("gateway", "documents")["Environment"]["Variables"]


def test_what_is_off_makes_nothing(dev: Any) -> None:
    assert "ObjectLockEnabled" not in json.dumps(dev["foundation"])
    assert not any(name.startswith("Holds") for name in dev["foundation"]["Resources"])
    assert len(lifecycle(dev, "Raw")) == 1
    assert "s3:PutObjectLegalHold" not in dev.allowed("ingestion", "Ingest")


@pytest.mark.capability("D11")
def test_production_keeps_originals_cheaper_and_can_hold_them(prod: Any) -> None:
    (rule,) = [each for each in lifecycle(prod, "Raw") if "Transitions" in each]

    assert [move["StorageClass"] for move in rule["Transitions"]] == ["STANDARD_IA", "GLACIER_IR"]
    assert '"ObjectLockEnabled": true' in json.dumps(prod["foundation"])


@pytest.mark.capability("D11")
def test_erasure_runs_every_night_over_what_is_derived_and_finds_its_requests_without_a_scan(synthesise: Any) -> None:
    trial = synthesise(ON)
    variables = trial.function("deletion", "erase")["Environment"]["Variables"]

    assert trial.one("deletion", "AWS::Scheduler::Schedule")["ScheduleExpression"] == "cron(0 22 * * ? *)"
    places = json.dumps(variables["ERASURE_PLACES"])
    for folder in ("corpus", "datasets", "augmented", "labels", "augmentation-runs", "labelling", "feedback"):
        assert f"{folder}/" in places
    assert "corpus-staged/" in places
    assert "LABELLING_TABLE" not in variables
    assert "dynamodb:Scan" not in trial.allowed("deletion", "Erase")
    indexes = [
        index["IndexName"]
        for table in trial.of("foundation", "AWS::DynamoDB::Table")
        for index in table["Properties"].get("GlobalSecondaryIndexes", [])
    ]
    assert indexes == ["by-tenant", "pending-erasures"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            "originals: [{storage_class: STANDARD_IA, after_days: 29}]",
            "4: ingestion.retention.rules.0.originals.0.after_days: expected 30 or more for STANDARD_IA, as S3 demands",
        ),
        (
            "originals: [{storage_class: GLACIER, after_days: 1}, {storage_class: GLACIER_IR, after_days: 200}]",
            "originals.1.storage_class: expected a class colder than GLACIER: S3 moves in the order",
        ),
        (
            "originals: [{storage_class: GLACIER_IR, after_days: 1}, {storage_class: DEEP_ARCHIVE, after_days: 90}]",
            "originals.1.after_days: expected 91 or more, for GLACIER_IR is charged for 90 days, got 90. Wait longer",
        ),
        (
            "{originals: [{storage_class: DEEP_ARCHIVE, after_days: 30}], expire_days: 200}",
            "originals: expected expire_days of 210 or more, for DEEP_ARCHIVE is charged for 180 days, got 200. Raise",
        ),
        (
            "old_versions: [{storage_class: GLACIER, after_days: 1}]",
            "old_versions: expected ingestion.keep_versions_days of 91 or more",
        ),
        ("prefix: acme", "prefix: expected"),
        ("originals: [{storage_class: GLACIER, after_days: 0}]", "after_days: expected"),
        (
            "{prefix: a/, expire_days: 5}\n      - {prefix: a/}",
            "5: ingestion.retention.rules.1.prefix: expected a prefix",
        ),
    ],
)
def test_what_s3_refuses_or_charges_for_nothing_is_an_error_with_its_line(
    tmp_path: Path, rule: str, expected: str
) -> None:
    assert expected in "\n".join(errors(tmp_path, RULE + rule))
