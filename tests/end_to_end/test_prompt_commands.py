"""The catalogue of prompts by the command: versions, labels, example sets, experiments."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.command import Slipway


def written(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


@pytest.mark.capability("P1")
@pytest.mark.capability("P2")
def test_a_prompt_with_examples_from_its_first_version_to_its_rollback(
    slipway: Slipway, dev: dict[str, Any], tmp_path: Path
) -> None:
    pairs = [{"input": "Good day", "output": "formal"}, {"input": "Hey", "output": "casual"}]
    tone = written(tmp_path / "tone.json", pairs)
    assert slipway.json("examples", "create", "tone", tone, "--why", "first")["version"] == 1
    assert "is there already" in slipway.run("examples", "create", "tone", tone).stdout
    assert slipway.json("examples", "show", "tone")["examples"] == pairs
    assert "→ casual" in slipway.run("examples", "show", "tone@1").stdout
    assert [each["name"] for each in slipway.json("examples", "list")] == ["tone"]

    content: dict[str, Any] = {
        "messages": [{"role": "user", "content": "Name the tone of {{text}}"}],
        "variables": {"text": {}},
        "examples": {"set": "tone@1", "select": "first", "count": 1},
    }
    first = written(tmp_path / "first.json", content)
    content["messages"][0]["content"] = "In one word, the tone of {{text}}"
    second = written(tmp_path / "second.json", content)
    for file in (first, second):
        slipway.json("prompts", "create", "name-tone", file)
    slipway.json("prompts", "label", "name-tone", "production", 1)
    slipway.json("prompts", "label", "name-tone", "production", 2, "--from", 1, "--why", "shorter")
    shown = slipway.json("prompts", "render", "name-tone@production", "--set", "text=Yo")
    assert "In one word, the tone of Yo" in shown["messages"][-1]["content"]
    assert any("Good day" in message["content"] for message in shown["messages"])
    assert "+" in slipway.run("prompts", "diff", "name-tone", "1", "2").stdout
    assert slipway.json("prompts", "rollback", "name-tone", "production")["version"] == 1
    assert next(each["action"] for each in slipway.json("prompts", "audit", "name-tone")) == "rollback"


@pytest.mark.capability("P3")
def test_an_experiment_from_its_start_to_its_end(slipway: Slipway, dev: dict[str, Any], tmp_path: Path) -> None:
    for number, text in enumerate(("Greet {{whom}}", "Hail {{whom}}"), 1):
        content = {"messages": [{"role": "user", "content": text}], "variables": {"whom": {}}}
        slipway.json("prompts", "create", "welcome", written(tmp_path / f"{number}.json", content))
    slipway.json("prompts", "label", "welcome", "production", 1)
    plan = {"prompt": "welcome", "label": "production", "arms": [{"version": 2}], "metric": {"name": "thumbs"}}
    started = slipway.json("experiments", "start", written(tmp_path / "plan.json", plan))
    assert started["control"] == 1
    weighed = slipway.json("experiments", "weigh", started["id"], "1=1", "2=3")
    assert {arm["version"]: arm["weight"] for arm in weighed["arms"]} == {1: 1, 2: 3}
    assert "1 (control)" in slipway.run("experiments", "show", started["id"]).stdout
    assert started["id"] in [each["id"] for each in slipway.json("experiments", "list")]
    ended = slipway.json("experiments", "end", started["id"], "--promote", 2)
    assert ended["status"] != started["status"]
    labels = {each["label"]: each["version"] for each in slipway.json("prompts", "show", "welcome")["labels"]}
    assert labels == {"production": 2}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("examples", "show", "nothing"), "nothing"),
        (("examples", "create", "tone", "/nowhere.json"), "cannot be read as JSON"),
        (("experiments", "show", "nothing"), "404"),
        (("experiments", "weigh", "e1", "two=half"), "expected VERSION=WEIGHT"),
    ],
)
def test_what_is_wrong_is_said(slipway: Slipway, dev: dict[str, Any], arguments: tuple[str, ...], said: str) -> None:
    done = slipway.run(*arguments)
    assert done.returncode != 0
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
