"""Two answers compared by a model in both places, through the local Bedrock, and held against people.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

import pytest

from slipway_local.bedrock import BedrockRuntime
from slipway_local.serving import serve
from slipway_runtime.evaluate.forced_tool import ForcedTool, JudgeUnfit
from slipway_runtime.evaluate.pairwise import Compared, Pair, calibrate, compare, majority, summarise
from slipway_runtime.operate.retry import Deadline
from support.scripted_judge import ScriptedJudge
from support.served import client

pytestmark = pytest.mark.capability("P6")
MODEL = "anthropic.claude-haiku-4-5-20251001-v1:0"


class Longer(ScriptedJudge):
    """Prefers the longer answer, whatever its place."""

    asked: list[dict] = []

    def judgement(self, tool: str, text: str) -> dict:
        assert tool == "record_preference"
        a, b = (len(re.search(f"<answer_{each}>(.*?)</answer_{each}>", text, re.DOTALL)[1]) for each in "ab")
        return {"reason": "length", "better": "tie" if a == b else "A" if a > b else "B"}


class First(ScriptedJudge):
    """Prefers what stands first."""

    asked: list[dict] = []

    def judgement(self, tool: str, text: str) -> dict:
        return {"reason": "it came first", "better": "A"}


class Mute(ScriptedJudge):
    asked: list[dict] = []

    def judgement(self, tool: str, text: str) -> dict:
        return {"reason": "x", "better": "C"}


@contextmanager
def judge(kind: type[ScriptedJudge]) -> Iterator[ForcedTool]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with serve(BedrockRuntime(model_url=f"http://127.0.0.1:{server.server_port}/v1")) as url:
            yield ForcedTool(client=client("bedrock-runtime", url), model_id=MODEL)
    finally:
        server.shutdown()
        server.server_close()


PAIRS = [
    Pair("1", "Why?", "because of the rain", "rain"),
    Pair("2", "Why?", "sun", "because of the sun", reference="the sun"),
    Pair("3", "Why?", "wind", "hail"),
]


def verdicts(kind: type[ScriptedJudge]) -> list[Compared]:
    with judge(kind) as model:
        return [compare(model, pair, Deadline.after(60)) for pair in PAIRS]


def test_a_consistent_judge_is_heard_whatever_the_place() -> None:
    found = verdicts(Longer)
    assert [each.winner for each in found] == ["candidate", "production", "tie"]
    told = summarise(found)
    assert (told.wins, told.ties, told.losses, told.consistency) == (1, 1, 1, 1.0)
    assert told.win_rate.mean == 0.5
    first, second = Longer.asked[:2]
    text = [each["messages"][-1]["content"] for each in (first, second)]
    assert "<answer_a>because of the rain</answer_a>" in text[0]
    assert "<answer_b>because of the rain</answer_b>" in text[1]


def test_a_judge_that_goes_by_the_place_makes_ties_and_is_told() -> None:
    found = verdicts(First)
    assert {each.winner for each in found} == {"tie"}
    told = summarise(found)
    assert (told.consistency, told.prefers_a) == (0.0, 1.0)


def test_people_decide_whether_the_judge_is_used() -> None:
    found = verdicts(Longer)
    good = calibrate(found, {"1": ["candidate", "candidate"], "2": ["production"], "3": ["tie", None]})
    assert (good.pairs, good.agreement, good.cohen_kappa, good.krippendorff_alpha) == (3, 1.0, 1.0, 1.0)
    with pytest.raises(JudgeUnfit, match="agrees with people on 0%"):
        calibrate(found, {"1": ["production"], "2": ["candidate"], "3": ["candidate"]})
    with pytest.raises(ValueError, match="no items"):
        calibrate(found, {"unknown": ["tie"]})


def test_people_who_are_divided_made_a_tie() -> None:
    assert majority(["candidate", "candidate", "tie", None]) == "candidate"
    assert majority(["candidate", "production"]) == "tie"


def test_an_answer_outside_the_form_is_refused() -> None:
    with pytest.raises(JudgeUnfit, match="record_preference"):
        verdicts(Mute)
