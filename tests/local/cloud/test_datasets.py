"""Training sets by the state machine, with policies enforced: documents in, examples out, each with its way back.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

import functools
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slipway_cli.dataset_store import Datasets, build
from slipway_cli.errors import CommandError
from slipway_cli.target import Target, find_target
from slipway_local import cloud
from slipway_runtime.prepare.keys import document_id
from support.command import ROOT, Slipway
from support.datasets import NOTES, SECRET, TEXT, chat, files, indexed, note, put_lines, rows, up
from support.waiting import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("datasets")


@pytest.fixture(scope="module")
def target(folder: Path) -> Iterator[Target]:
    yield up(folder)
    cloud.down(folder / "home" / "dev")


@pytest.fixture(scope="module")
def documents(target: Target) -> dict[str, str]:
    """The version of each object by its key, once all are indexed."""
    notes = {f"acme/notes/n{number}.md": note(number) for number in range(NOTES)}
    more = {"acme/other/o.md": "# Other\n\nNot asked for.\n", "default/d.md": "# Pumps\n\nThey need oil.\n"}
    return indexed(target, notes | more)


@pytest.fixture(scope="module")
def artifacts(target: Target) -> Any:
    """Put an object of lines into the artifacts bucket."""
    return functools.partial(put_lines, target)


@pytest.fixture(scope="module")
def evaluation_set(artifacts: Any) -> None:
    artifacts("evaluation-sets/pumps/items.jsonl", {"question": "Which oil?"}, {"question": f"Is it so? {SECRET}."})


@pytest.fixture(scope="module")
def built(target: Target, documents: dict[str, str], evaluation_set: None) -> dict[str, Any]:
    return build(target, {"name": "notes", **TEXT}, "notes-1")


@pytest.mark.capability("D13")
def test_every_document_is_in_one_split_or_left_out_with_a_reason(target: Target, built: dict[str, Any]) -> None:
    found = files(target, "notes", built["version"])
    splits = {name: rows(found[f"{name}.jsonl"]) for name in ("train", "validation", "test")}
    lines = [line for split in splits.values() for line in split]

    assert built["seen"] == NOTES == len(lines) + 1
    assert built["rejects"] == {"contaminated": 1}
    assert {name: len(split) for name, split in splits.items()} == built["splits"]
    assert all(abs(built["splits"][name] - NOTES * share) <= 2 for name, share in TEXT["split"].items())  # type: ignore[attr-defined]
    assert not any(SECRET in line["text"] for line in lines)
    (reject,) = rows(found["rejects.jsonl"])
    assert reject["documents"] == [document_id("acme/notes/n7.md")]
    assert "line 2 of evaluation-sets/pumps/items.jsonl" in reject["reason"]
    assert not {"Pump", "seven", "litres", "Monday"} & set(reject["reason"].split())


@pytest.mark.capability("D13")
def test_near_duplicates_are_not_parted(target: Target, built: dict[str, Any]) -> None:
    found = files(target, "notes", built["version"])
    twins = {document_id("acme/notes/n3.md"), document_id("acme/notes/n4.md")}
    places = {
        (name, line["group"])
        for name in ("train", "validation", "test")
        for line in rows(found[f"{name}.jsonl"])
        if twins & set(line["documents"])
    }

    assert len(places) == 1


@pytest.mark.capability("D13")
def test_the_card_counts_and_hashes_what_is_there(target: Target, built: dict[str, Any]) -> None:
    found = files(target, "notes", built["version"])
    card = json.loads(found["card.json"])

    assert set(found) == {*card["files"], "card.json", "card.md"}
    for name, facts in card["files"].items():
        assert facts["sha256"] == hashlib.sha256(found[name]).hexdigest()
        assert (facts["bytes"], facts["lines"]) == (len(found[name]), len(found[name].splitlines()))
    assert card["seen"] == sum(card["splits"].values()) + sum(card["rejects"].values())
    (evaluated,) = card["evaluation_sets"]
    assert (evaluated["items"], evaluated["unchecked"]) == (2, 1)
    assert card["contaminated"] == {"evaluation-sets/pumps/items.jsonl": 1}
    assert card["warnings"] == ["1 of 2 items of evaluation-sets/pumps/items.jsonl are too short to be checked"]
    assert f"# notes, version {built['version']}" in found["card.md"].decode()


@pytest.mark.capability("D13")
def test_the_same_inputs_give_the_same_bytes(target: Target, built: dict[str, Any]) -> None:
    bucket, s3 = target.parameter("foundation/artifacts-bucket-name"), target.client("s3")
    before = files(target, "notes", built["version"])
    again = build(target, {"name": "notes", **TEXT}, "notes-2")
    # By another name all of it is written anew.
    copy = build(target, {"name": "copy", **TEXT}, "copy-1")
    other = build(target, {"name": "notes", **TEXT, "seed": 1}, "notes-3")

    assert again == built
    assert files(target, "notes", built["version"]) == before
    lines = [name for name in before if name.endswith(".jsonl")]
    written = files(target, "copy", copy["version"])
    assert {name: written[name] for name in lines} == {name: before[name] for name in lines}
    assert other["version"] != built["version"]
    versions = s3.list_object_versions(Bucket=bucket, Prefix="datasets-work/")
    assert versions.get("Versions", []) == versions.get("DeleteMarkers", []) == []


@pytest.mark.capability("D10")
def test_an_example_leads_back_to_its_object_version_and_rules(
    target: Target, documents: dict[str, str], built: dict[str, Any]
) -> None:
    datasets = Datasets(target)
    card = datasets.card("notes", built["version"])
    for line in rows(files(target, "notes", built["version"])["train.jsonl"]):
        (source,) = datasets.example(card, line["example_id"])["sources"]
        data = (
            target.client("s3")
            .get_object(Bucket=source["bucket"], Key=source["key"], VersionId=source["source_version"])["Body"]
            .read()
        )

        assert source["source_version"] == documents[source["key"]]
        assert source["sha256"] == hashlib.sha256(data).hexdigest()
        assert source["rules"].startswith("prepare-")
        assert data.decode().split()[2:4] == line["text"].split()[2:4]
    listed = {row["document_id"]: row for row in rows(files(target, "notes", built["version"])["documents.jsonl"])}
    assert {row["path"] for row in listed.values()} == {f"notes/n{n}.md" for n in range(NOTES) if n != 7}


def deleted_document(target: Target) -> str:
    """Index a document, delete it, and return its id."""
    gone = "acme/notes/gone.md"
    s3, raw = target.client("s3"), target.parameter("foundation/raw-bucket-name")
    s3.put_object(Bucket=raw, Key=gone, Body=b"# Gone\n\nSoon.\n")
    table, dynamodb = target.parameter("foundation/documents-table-name"), target.client("dynamodb")
    key = {"document_id": {"S": document_id(gone)}, "item": {"S": "current"}}

    def status() -> str:
        item = dynamodb.get_item(TableName=table, Key=key).get("Item")
        return str(item["status"]["S"]) if item else ""

    assert wait_for(lambda: status() == "indexed", seconds=60)
    s3.delete_object(Bucket=raw, Key=gone)
    assert wait_for(lambda: status() == "deleted", seconds=60)
    return document_id(gone)


def put_examples(artifacts: Any, deleted: str) -> None:
    """Write examples and feedback, good and bad, of which one is of a `deleted` document."""
    nothing: dict[str, Any] = {"documents": [], "source_versions": [], "rules": []}
    by_key = [chat(f"How is machine {number} cleaned?", **nothing, group=f"key{number % 5}") for number in range(20)]
    artifacts(
        "augmented/faq/part.jsonl",
        *by_key,
        "",
        {"origin": "augmented", "messages": "none"},
        chat("Another thing entirely, is it?"),
        chat("another thing entirely,  is it?"),
        chat("Of a deleted document?", documents=[deleted]),
        {**chat("x"), "messages": [], "text": "a text"},
    )
    said = {"request": [{"role": "user", "content": "Which pump?"}], "answer": "The red one.", "rating": 5}
    artifacts(
        "feedback/2026/one.jsonl",
        {**said, **nothing},
        {**said, **nothing, "rating": 2},
        {**said, **nothing, "rating": 2, "correction": "The green one."},
        {**said, **nothing, "rating": "good"},
    )


@pytest.mark.capability("D13")
@pytest.mark.capability("D10")
def test_examples_and_feedback_become_one_set_and_what_is_bad_is_named(
    target: Target, documents: dict[str, str], evaluation_set: None, artifacts: Any
) -> None:
    put_examples(artifacts, deleted_document(target))
    recipe = {
        **{"name": "faq", "kind": "prompt-completion", "examples": ["augmented/"], "feedback": ["feedback/"]},
        "split": {"train": 0.6, "validation": 0.2, "test": 0.2},
    }

    result = build(target, recipe, "faq-1")
    found = files(target, "faq", result["version"])
    lines = {name: rows(found[f"{name}.jsonl"]) for name in ("train", "validation", "test")}

    assert result["rejects"] == {
        **{"bad_example": 1, "bad_feedback": 1, "document_deleted": 1, "duplicate": 1, "low_rating": 1},
        "wrong_kind": 1,
    }
    assert result["seen"] == 29 == sum(result["splits"].values()) + 6
    rejects = {row["code"]: row for row in rows(found["rejects.jsonl"])}
    assert (rejects["bad_example"]["source"], rejects["bad_example"]["line"]) == ("augmented/faq/part.jsonl", 22)
    assert "$.messages" in rejects["bad_example"]["reason"]
    assert "$.rating" in rejects["bad_feedback"]["reason"]
    groups = [{line["group"] for line in split} for split in lines.values()]
    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]
    every = [line for split in lines.values() for line in split]
    assert sorted(line["completion"][0]["content"] for line in every if line["origin"] == "feedback") == [
        "The green one.",
        "The red one.",
    ]


@pytest.mark.capability("D13")
def test_the_documented_commands_work(folder: Path, documents: dict[str, str], evaluation_set: None) -> None:
    slipway = Slipway(folder / "home")
    commands = re.findall(r"^\$ \.venv/bin/slipway (dataset .*)$", (ROOT / "docs" / "datasets.md").read_text(), re.M)
    assert len(commands) == 4
    shown = ""
    for command in commands:
        if "EXAMPLE_ID" in command:
            card = slipway.json("dataset", "show", "handbook")
            place = files(find_target(slipway.project, "dev", aws=False), "handbook", card["version"])
            (line,) = rows(place["train.jsonl"])
            command = command.replace("EXAMPLE_ID", line["example_id"])  # noqa: PLW2901
        done = slipway.run(*command.split())
        assert done.returncode == 0, done.stderr
        shown += done.stdout
    assert "/default/d.md" in shown
    assert "# handbook, version" in shown
    listed = slipway.run("dataset", "list").stdout.splitlines()
    newest = slipway.json("dataset", "list")[0]
    assert listed[0].split() == ["name", "version", "train", "/", "validation", "/", "test", "written"]
    assert " / ".join(str(newest["splits"][name]) for name in ("train", "validation", "test")) in listed[1]
    assert slipway.run("dataset", "show", "nothing").stderr.startswith("slipway: there is no dataset nothing;")
    assert slipway.run("dataset", "build", "a", "--split", "90/5").returncode == 2


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        ({**TEXT, "documents": ["acme/nothing/"]}, "RecipeError: documents: no indexed document begins so: acme/noth"),
        ({"kind": "messages", "examples": ["nowhere/"]}, "examples: no .jsonl object of the bucket"),
        ({**TEXT, "evaluation_sets": ["typo/"]}, "evaluation_sets: no .jsonl object"),
        ({**TEXT, "kind": "poem"}, r"Invalid enum value 'poem' - at `\$.kind`"),
    ],
)
def test_what_makes_no_dataset_fails_by_its_field(
    target: Target, documents: dict[str, str], recipe: dict[str, Any], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        build(target, {"name": "bad", **recipe}, f"bad-{hashlib.sha256(reason.encode()).hexdigest()[:8]}")
