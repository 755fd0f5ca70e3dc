"""AWS Backup by setting: what it copies, how long, who may shorten that, and who is told of failures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.backups.kept import BUCKETS, MADE_ANEW, TABLES
from stacks import backup
from stacks.settings_file import SettingsError, read_settings

ON = "backup: { enabled: true, %s }\nretrieval: { store: %s }\n"


def test_prod_backs_up_what_the_command_keeps_and_the_database(prod: Any) -> None:
    selection = prod.one("backup", "AWS::Backup::BackupSelection")["BackupSelection"]
    names = [
        parameter["Default"].rsplit("/", 1)[1]
        for parameter in prod["backup"]["Parameters"].values()
        if parameter["Type"] == "AWS::SSM::Parameter::Value<String>"
    ]
    wanted = {f"{name}-bucket-name" for name in BUCKETS} | {"documents-table-name", "cluster-arn"}
    wanted |= {f"{name}-table-name" for name in TABLES.keys() - {"approvals"}}
    assert {name for name in names if not name.startswith(("version", "key"))} == wanted
    assert len(selection["Resources"]) == len(wanted)
    (role,) = prod.of("backup", "AWS::IAM::Role")
    statement = role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Principal"] == {"Service": "backup.amazonaws.com"}


def test_prod_keeps_its_vault_and_nobody_shortens_retention_in_passing(prod: Any) -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html: governance has no ChangeableForDays."""
    (vault,) = prod.of("backup", "AWS::Backup::BackupVault")
    assert vault["DeletionPolicy"] == vault["UpdateReplacePolicy"] == "Retain"
    assert vault["Properties"]["LockConfiguration"] == {"MinRetentionDays": 7, "MaxRetentionDays": 35}
    assert vault["Properties"]["EncryptionKeyArn"]
    plan = prod.one("backup", "AWS::Backup::BackupPlan")["BackupPlan"]
    nightly, continuous = plan["BackupPlanRule"]
    assert nightly["Lifecycle"] == {"DeleteAfterDays": 35}
    assert continuous["EnableContinuousBackup"] is True


def test_failed_jobs_are_alarmed(prod: Any) -> None:
    alarms = [
        item["Properties"]["MetricName"]
        for item in prod.of("observability", "AWS::CloudWatch::Alarm")
        if item["Properties"].get("Namespace") == "AWS/Backup"
    ]
    assert sorted(alarms) == ["NumberOfBackupJobsExpired", "NumberOfBackupJobsFailed"]


def test_off_it_creates_nothing(dev: Any) -> None:
    assert "backup" not in dev


def test_a_store_without_backups_is_left_to_the_documents(synthesise: Callable[[str], Any]) -> None:
    templates = synthesise(ON % ("lock: compliance, continuous: false", "s3_vectors"))
    vault = templates.one("backup", "AWS::Backup::BackupVault")
    assert vault["LockConfiguration"]["ChangeableForDays"] == 3
    plan = templates.one("backup", "AWS::Backup::BackupPlan")["BackupPlan"]
    assert [rule["RuleName"] for rule in plan["BackupPlanRule"]] == ["nightly"]
    assert len(templates.one("backup", "AWS::Backup::BackupSelection")["BackupSelection"]["Resources"]) == 4


def test_a_lock_that_nobody_can_open_is_refused_where_data_may_go(tmp_path: Path) -> None:
    file = tmp_path / "trial.yaml"
    file.write_text("removal: destroy\ntermination_protection: false\n" + ON % ("lock: compliance", "aurora"))
    with pytest.raises(SettingsError, match=r"backup.lock: expected none or governance"):
        read_settings(file)


def test_every_store_of_the_foundation_is_kept_or_made_anew(environments: dict[str, Any]) -> None:
    """A new table or bucket is a decision, taken in cli/slipway_cli/backups/kept.py and stacks/backup.py."""
    found = {
        item["Properties"]["Name"].rsplit("/", 1)[1].rsplit("-", 2)[0]
        for templates in environments.values()
        for item in templates.of("foundation", "AWS::SSM::Parameter")
        if item["Properties"]["Name"].endswith(("-table-name", "-bucket-name"))
    }
    assert found == {*BUCKETS, *TABLES, *MADE_ANEW}
    assert not {*BUCKETS, *TABLES} & MADE_ANEW.keys()
    assert {*TABLES, "documents"} == set(backup.TABLES)
    assert set(BUCKETS) == set(backup.BUCKETS)
