"""Near-duplicates in the staging environment, with its own permissions enforced, driven as a user drives it."""

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.gateway import Gateway
from slipway_cli.target import Target, find_target
from slipway_runtime.prepare.keys import document_id
from support.command import Slipway
from support.killing import function_workers, kill
from support.near_texts import changed, text
from support.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.capability("D4"), pytest.mark.timeout(600)]
TENANT = "default"


class Staging:
    """The command with the option that every call here needs."""

    def __init__(self, slipway: Slipway) -> None:
        self.slipway = slipway

    def json(self, *arguments: object) -> Any:
        return self.slipway.json(*arguments, "--env", "staging")

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return self.slipway.run(*arguments, "--env", "staging")

    @property
    def target(self) -> Target:
        return find_target(self.slipway.project, "staging", aws=False)

    @property
    def gateway(self) -> Gateway:
        return Gateway(self.target.gateway_url, self.target.api_key)

    def put(self, path: str, content: str) -> None:
        bucket = self.target.parameter("foundation/raw-bucket-name")
        self.target.client("s3").put_object(Bucket=bucket, Key=f"{TENANT}/{path}", Body=content.encode())

    def documents(self, prefix: str) -> dict[str, dict[str, Any]]:
        return {document["path"]: document for document in self.gateway.documents(prefix=prefix)}

    def settled(self, prefix: str, **expected: str) -> Callable[[], bool]:
        """Whether the documents have come to these ends, by name."""

        def look() -> bool:
            found = {path.removeprefix(prefix).split(".")[0]: one for path, one in self.documents(prefix).items()}
            return {name: one["status"] for name, one in found.items()} == expected

        return look

    def has_claimed(self, path: str) -> bool:
        """Whether the document holds a place among its like."""
        table = self.target.parameter("foundation/duplicates-table-name")
        subject = f"document#{document_id(f'{TENANT}/{path}')}#{TENANT}"
        key = {"subject": {"S": subject}, "item": {"S": "current"}}
        return "Item" in self.target.client("dynamodb").get_item(TableName=table, Key=key)

    def answers_from(self, question: str) -> set[str]:
        return {
            citation["document"] for citation in self.gateway.ask(question, model="default")["slipway"]["citations"]
        }


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    staging = Staging(Slipway(tmp_path_factory.mktemp("near-duplicates")))
    staging.json("local", "up", "--enforce-iam")
    yield staging
    staging.run("local", "down")


def write(folder: Path, **contents: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}.md").write_text(content)
    return folder


FACTS = {
    "crane": "The harbour crane lifts forty tonnes of timber at low tide.",
    "bell": "The cathedral bell was cast of bronze from melted cannons.",
    "light": "The lighthouse of the island flashes red every nine seconds.",
    "camel": "A camel of the desert caravan drinks a hundred litres of water.",
    "oak": "The oldest oak of the forest was planted by monks.",
    "mill": "The old water mill grinds rye and mustard for nine villages.",
    "train": "The night train to the mountains leaves from platform six.",
    "bridge": "The stone bridge over the canyon has eleven arches.",
}


def manual(name: str, edits: int = 0) -> str:
    """A document with a fact that can be asked for, and a copy of it with as many words changed."""
    return f"# {name.capitalize()}\n\n{FACTS[name]}\n\n{changed(text(list(FACTS).index(name)), edits)}\n"


def test_a_near_copy_that_arrives_in_a_later_run_is_left_out_and_counted(staging: Staging, tmp_path: Path) -> None:
    """Nothing of the index is in memory: between the two runs the local cloud stops, as a month would pass."""
    folder = tmp_path / "later"
    first = staging.json("ingest", write(folder, first=manual("crane")))
    assert (first["documents"], first["duplicates"]) == (1, 0)
    assert staging.run("local", "down").returncode == 0
    staging.json("local", "up", "--enforce-iam")
    again = staging.json("ingest", write(folder, copy=manual("crane", 1), other=manual("bell")))

    assert (again["documents"], again["duplicates"], again["rejected"]) == (2, 2, [])
    found = staging.documents("later/")
    copy, kept = found["later/copy.md"], found["later/first.md"]
    assert (copy["status"], copy["duplicate_of"], copy["chunks"]) == ("duplicate", kept["id"], 0)
    assert copy["similarity"] > 0.9
    assert [one["id"] for one in staging.json("documents", "--status", "duplicate")] == [copy["id"]]
    answers = staging.answers_from("What does the harbour crane lift at low tide?")
    assert "later/first.md" in answers
    assert "later/copy.md" not in answers
    assert staging.json("ingest", folder)["duplicates"] == 3


def test_of_near_copies_that_arrive_at_once_exactly_one_is_kept(staging: Staging) -> None:
    contents = [manual("train", edits) for edits in (0, 1, 2, 3)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: staging.put(f"once/{number}.md", contents[number]), range(4)))

    assert wait_for(lambda: len(staging.documents("once/")) == 4, seconds=120)
    statuses = sorted(one["status"] for one in staging.documents("once/").values())
    assert statuses == ["duplicate", "duplicate", "duplicate", "indexed"]


def test_deleting_the_kept_document_brings_its_copy_back_searchable(staging: Staging) -> None:
    staging.put("back/kept.md", manual("light"))
    assert wait_for(staging.settled("back/", kept="indexed"), seconds=60)
    staging.put("back/copy.md", manual("light", 1))
    assert wait_for(staging.settled("back/", kept="indexed", copy="duplicate"), seconds=60)
    staging.json("documents", "delete", staging.documents("back/")["back/kept.md"]["id"])

    assert wait_for(staging.settled("back/", copy="indexed"), seconds=60)
    assert staging.answers_from("How often does the lighthouse of the island flash?") >= {"back/copy.md"}


def test_a_new_version_of_the_kept_document_brings_its_copy_back(staging: Staging) -> None:
    staging.put("new/kept.md", manual("camel"))
    assert wait_for(staging.settled("new/", kept="indexed"), seconds=60)
    staging.put("new/copy.md", manual("camel", 1))
    assert wait_for(staging.settled("new/", kept="indexed", copy="duplicate"), seconds=60)
    staging.put("new/kept.md", manual("oak"))

    assert wait_for(staging.settled("new/", kept="indexed", copy="indexed"), seconds=60)
    assert staging.answers_from("How much water does a camel of the desert caravan drink?") >= {"new/copy.md"}


def test_a_worker_killed_between_claim_and_index_loses_neither_document_nor_copy(staging: Staging) -> None:
    """SQS delivers again what nobody answered for, here after seconds: the model keeps the worker waiting until then.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
    """
    sqs, queue = staging.target.client("sqs"), staging.target.parameter("ingestion/queue-url")
    usual = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    staging.json("local", "fault", "add", "bedrock-runtime.InvokeModel", "--latency", "10m")
    try:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "30"})
        staging.put("killed/kept.md", manual("mill"))
        assert wait_for(lambda: staging.has_claimed("killed/kept.md"), seconds=60)
        staging.put("killed/copy.md", manual("mill", 1))
        assert wait_for(staging.settled("killed/", copy="duplicate"), seconds=60)
        kill(lambda: function_workers(str(staging.target.endpoint_url)))
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=usual)
        staging.json("local", "fault", "clear")

    assert wait_for(staging.settled("killed/", kept="indexed", copy="duplicate"), seconds=180)
    assert staging.answers_from("What does the old water mill grind?") >= {"killed/kept.md"}


def test_a_source_that_loses_too_much_waits_for_a_person_to_confirm(staging: Staging, tmp_path: Path) -> None:
    """Last: the whole tenant is one source here, of twenty documents or more by now."""
    common = manual("bridge")
    names = {f"n{number:02}": f"{common}\nCopy {number} of many.\n" for number in range(30)}
    report = staging.json("ingest", write(tmp_path / "many", **names))
    held = [one for one in staging.json("duplicates") if one["status"] == "indexed"]

    assert report["documents"] + report["duplicates"] == 30
    assert len(held) == report["documents"] - 1 > 5
    assert "slipway duplicates confirm default/" in held[0]["reason"]
    staging.json("duplicates", "confirm", "default/")
    assert wait_for(lambda: not [one for one in staging.json("duplicates") if one["status"] == "indexed"], seconds=180)
    assert len(staging.json("documents", "--prefix", "many/", "--status", "indexed")) == 1


def test_nothing_that_this_took_was_denied(staging: Staging) -> None:
    roles = staging.json("local", "permissions")["roles"]
    assert {one["role"]: one["denied"] for one in roles if one["denied"]} == {}
    needed = {"BatchGetItem", "ConditionCheckItem", "DeleteItem", "Query", "UpdateItem"}
    unused = {
        one["action"]
        for role in roles
        if "-IngestRole" in role["role"]
        for one in role["unused"]
        if "Documents" not in one["resource"]  # whose history is asked only where versions are removed one by one
    }
    assert unused.isdisjoint({"sqs:SendMessage", *(f"dynamodb:{action}" for action in needed)})
