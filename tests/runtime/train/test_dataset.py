"""Bad training sets are refused, naming file and line, before anything is paid for."""

import json
from pathlib import Path

import pytest

from slipway_runtime.train.dataset import read
from slipway_runtime.train.refused import TrainingRefusedError

CHAT = {"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}]}


def _channel(folder: Path, *lines: object) -> Path:
    written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (folder / "train.jsonl").write_text("\n".join(written) + "\n")
    return folder


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (CHAT, "messages"),
        ({"text": "Pumps are red."}, "text"),
        ({"prompt": "Why?", "completion": "Because."}, "prompt-completion"),
        ({"prompt": CHAT["messages"][:1], "completion": CHAT["messages"][1:]}, "prompt-completion"),
        ({"prompt": "Why?", "chosen": "Because.", "rejected": "No."}, "preference"),
    ],
)
def test_each_kind_of_the_platforms_training_sets_is_read(tmp_path: Path, line: dict[str, object], kind: str) -> None:
    lineage = {"example_id": "e", "group": "g", "origin": "label", "documents": [], "rules": []}
    found = read(_channel(tmp_path, line | lineage))
    assert found.kind == kind
    assert found.records[0].place == "train.jsonl:1"
    assert set(found.records[0].columns) == set(line)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "holds no examples"),
        (("{",), "train.jsonl:1 is not JSON"),
        (("[1]",), "train.jsonl:1 is a list"),
        ((CHAT, {"question": "Why?"}), "train.jsonl:2 has the columns question"),
        (({"text": " "},), "train.jsonl:1: text is empty"),
        (({"messages": "Why?"},), "messages has the wrong shape"),
        (({"messages": [{"role": "bot", "content": "Hello."}]},), "without role or content"),
        (({"messages": [{"role": "user", "content": "Why?"}]},), "no assistant's words"),
        ((CHAT, {"text": "Pumps are red."}), "mixes messages (train.jsonl:1) and text (train.jsonl:2)"),
        ((CHAT, CHAT), "1 of 2 examples are equal to another, the first train.jsonl:2 to train.jsonl:1"),
        (({"prompt": "a", "chosen": "b", "rejected": "b"},), "chosen and rejected are equal"),
        (tuple({"prompt": f"{each}", "completion": "yes"} for each in range(10)), "same answer (one class)"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(tmp_path: Path, lines: tuple[object, ...], said: str) -> None:
    with pytest.raises(TrainingRefusedError) as refused:
        read(_channel(tmp_path, *lines), max_duplicate_share=0.05)
    assert said in str(refused.value)
    assert refused.value.remedy


def test_an_empty_channel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefusedError, match=r"holds no \.jsonl file"):
        read(tmp_path)


def test_the_hash_is_of_the_bytes(tmp_path: Path) -> None:
    first = read(_channel(tmp_path, CHAT)).sha256
    assert read(_channel(tmp_path, CHAT)).sha256 == first
    assert read(_channel(tmp_path, CHAT, {"messages": [*CHAT["messages"], *CHAT["messages"]]})).sha256 != first
