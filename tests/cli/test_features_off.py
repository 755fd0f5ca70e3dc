"""What a command says of a feature that an environment lacks, and of a source that is not there."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from slipway_cli import corpus, duplicates, hold, main
from slipway_cli.target import Target
from support.duplicates import TABLE, make_table

QUEUE = "ingestion"


@pytest.fixture(autouse=True)
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    for module in (corpus, duplicates, hold):
        monkeypatch.setattr(module, "find_target", lambda *_, **__: Target("dev", None, "us-east-1"))
    with mock_aws():
        yield


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main.app, list(arguments))
    return result.exit_code, str(result.exception or result.output)


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        (("hold", "add", "default/", "--reason", "audit"), "legal hold is off in 'dev'"),
        (("corpus", "prepare"), "the corpus engine is off in 'dev'"),
        (("duplicates", "confirm", "default/"), "the search for near-duplicates is off in 'dev'"),
    ],
)
def test_the_feature_and_its_setting_come_first(arguments: tuple[str, ...], begins: str) -> None:
    code, text = said(*arguments)
    assert code == 1
    assert text.startswith(begins)
    assert "Set ingestion." in text
    assert text.index("config/dev.yaml") < text.index("SSM parameter")


def test_only_a_source_with_documents_can_be_confirmed() -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html"""
    make_table()
    sqs = boto3.client("sqs", region_name="us-east-1")
    url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    ssm = boto3.client("ssm", region_name="us-east-1")
    for name, value in (("foundation/duplicates-table-name", TABLE), ("ingestion/queue-url", url)):
        ssm.put_parameter(Name=f"/slipway/dev/{name}", Value=value, Type="String")

    code, text = said("duplicates", "confirm", "nope/")
    assert code == 1
    assert "there is no source 'nope/'" in text
    assert "Messages" not in sqs.receive_message(QueueUrl=url)

    tally = {"documents": {"N": "3"}, "duplicates": {"N": "1"}}
    boto3.client("dynamodb", region_name="us-east-1").put_item(
        TableName=TABLE, Item={"subject": {"S": "source#default/"}, "item": {"S": "tally#0"}, **tally}
    )
    assert said("duplicates", "confirm", "default/")[0] == 0
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1
