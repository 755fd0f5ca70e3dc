"""Augmentation through the local Bedrock to a model server: what the stand-in cannot do, paraphrases and captions."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.augment.augment import Augmenter
from slipway_runtime.prepare.augment.images import read_image
from slipway_runtime.prepare.augment.model import Budget, ToolModel
from slipway_runtime.prepare.augment.outcome import Outcome
from slipway_runtime.prepare.augment.wishes import Wishes
from slipway_runtime.prepare.curate import RawObject, curate
from slipway_runtime.prepare.rules.base import RuleSet
from slipway_runtime.retrieve.chunk import ChunkSettings
from support.augmentation import PUMP

pytestmark = pytest.mark.capability("D6")
MODEL = "eu.amazon.nova-lite-v1:0"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 4, 4)
REWORDING = {
    "original": "The pump in hall three moves forty litres of water in a minute.",
    "paraphrase": "In every minute, forty litres of water go through the pump of the third hall.",
}


def call(name: str, items: list[Any]) -> tuple[int, dict[str, Any]]:
    function = {"name": name, "arguments": json.dumps({"items": items})}
    message = {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": function}]}
    usage = {"prompt_tokens": 300, "completion_tokens": 40}
    return 200, {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}], "usage": usage}


def augmenter(client: Any, **wishes: Any) -> Augmenter:
    return Augmenter(
        model=ToolModel(client=client, model_id=MODEL),
        wishes=Wishes(model_id=MODEL, **wishes),
        chunking=ChunkSettings(max_characters=1200, overlap_characters=150),
    )


def test_a_paraphrase_is_kept_with_its_original(model: Any, through: Any) -> None:
    model[0].answer = call("record_paraphrases", [REWORDING])
    document = curate(RawObject(key="acme/pump.md", version_id="v1", data=PUMP.encode()), RuleSet())
    outcome = Outcome(document_id=document.document_id, key="acme/pump.md", source_version="v1", made_by="m")
    budget = Budget(calls=1, tokens=100_000)
    augmenter(through, paraphrases=1).document(document, outcome, RuleSet(), budget, Deadline.after(60))

    (item,) = outcome.items
    assert [turn.content for turn in item.example.messages[1:]] == list(REWORDING.values())
    assert (budget.spent.calls, budget.spent.input_tokens, budget.spent.output_tokens) == (1, 300, 40)


def test_an_image_is_shown_and_its_caption_kept(model: Any, through: Any) -> None:
    model[0].answer = call("record_caption", [{"caption": "A drawing of a pump with two pipes."}])
    image = read_image(PNG)
    outcome = Outcome(document_id="doc_1", key="acme/plan.png", source_version="v1", made_by="m")
    budget = Budget(calls=1, tokens=100_000)
    augmenter(through, captions=True).image(image, outcome, RuleSet(), budget, Deadline.after(60))  # type: ignore[arg-type]
    asked = model[0].asked[-1][1]

    assert [item.example.text for item in outcome.items] == ["A drawing of a pump with two pipes."]
    assert asked["messages"][1]["content"][0]["type"] == "image_url"
