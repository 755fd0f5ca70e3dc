"""What the templates of an environment with Kendra hold.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkendra.html and
https://docs.aws.amazon.com/kendra/latest/dg/iam-roles.html
"""

import json
from collections.abc import Callable
from typing import Any

import cfnlint.api
import cfnlint.config
import pytest
from cfnlint.core import get_rules

from stacks.settings_file import SettingsError, read_settings

pytestmark = pytest.mark.capability("R3")
KENDRA = "retrieval: {store: kendra, kendra: {existing_customer: true, edition: enterprise, attributes: [language]}}\n"
EVERYTHING = KENDRA + "network: {mode: create}\nencryption: {customer_managed_key: true}\n"


@pytest.fixture
def templates(synthesise: Callable[[str], Any]) -> Any:
    return synthesise(EVERYTHING)


def test_cfn_lint_finds_nothing(templates: Any) -> None:
    options = cfnlint.config.ManualArgs(regions=["us-east-1", "eu-west-1"], ignore_checks=["W3005"])
    for part in ("network", "retrieval"):
        found = cfnlint.api.lint(json.dumps(templates[part], indent=1), get_rules([], ["W3005"], []), config=options)
        assert [str(match) for match in found] == [], part


def test_each_function_may_do_what_it_has_to_and_no_more(templates: Any) -> None:
    search = {"kendra:DescribeIndex", "kendra:Query", "kendra:Retrieve"}
    write = {"kendra:BatchDeleteDocument", "kendra:BatchGetDocumentStatus", "kendra:BatchPutDocument"}

    def of(part: str, construct: str, service: str) -> set[str]:
        return {action for action in templates.allowed(part, construct) if action.startswith(service)}

    assert of("gateway", "Chat", "kendra") == search
    assert of("gateway", "Chat", "dynamodb") == {"dynamodb:BatchGetItem"}
    assert of("ingestion", "Ingest", "kendra") == search | write
    assert of("ingestion", "Ingest", "dynamodb") >= {"dynamodb:BatchGetItem", "dynamodb:UpdateItem"}
    assert of("retrieval", "MigrateStore", "kendra") == {"kendra:DescribeIndex", "kendra:UpdateIndex"}


def test_the_index_is_kept_encrypted_and_watched(templates: Any) -> None:
    (index,) = templates.of("retrieval", "AWS::Kendra::Index")

    assert index["DeletionPolicy"] == "Retain"
    assert index["Properties"]["Edition"] == "ENTERPRISE_EDITION"
    assert "KmsKeyId" in index["Properties"]["ServerSideEncryptionConfiguration"]
    assert "DocumentsFailedToIndex" in json.dumps(templates.of("observability", "AWS::CloudWatch::Alarm"))
    assert templates.function("gateway", "search")["Environment"]["Variables"]["KENDRA_ATTRIBUTES"] == "language"


def test_only_an_account_that_has_kendra_already_may_choose_it(tmp_path: Any) -> None:
    """https://docs.aws.amazon.com/kendra/latest/dg/kendra-availability-change.html"""
    file = tmp_path / "dev.yaml"
    file.write_text("retrieval: {store: kendra}\n")
    with pytest.raises(SettingsError, match=r"existing_customer.*30 July 2026.*(?s:.*)810 a month"):
        read_settings(file)
