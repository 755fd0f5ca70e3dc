"""The program with a judge behind the local Bedrock."""

import json
import re
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from slipway_local.bedrock import BedrockRuntime
from slipway_local.serving import serve
from support.evaluating import ITEMS, evaluate, write
from support.scripted_judge import ScriptedJudge

pytestmark = [pytest.mark.capability("P6"), pytest.mark.usefixtures("requirements")]
MODEL = "anthropic.claude-haiku-4-5-20251001-v1:0"


class Longer(ScriptedJudge):
    """Prefers the longer answer, whatever its place."""

    asked: list[dict] = []

    def judgement(self, tool: str, text: str) -> dict:
        a, b = (len(re.search(f"<answer_{each}>(.*?)</answer_{each}>", text, re.DOTALL)[1]) for each in "ab")
        return {"reason": "length", "better": "tie" if a == b else "A" if a > b else "B"}


def test_answers_are_compared_with_productions_and_people_are_heard(tmp_path: Path) -> None:
    items = write(tmp_path / "items.jsonl", ITEMS)
    old = [{"id": each["id"], "predictions": ["no"]} for each in ITEMS]
    old[1]["predictions"] = [ITEMS[1]["prediction"] + ", twice"]
    rivals = write(tmp_path / "old" / "predictions.jsonl", old)
    labels = [("cat", ["candidate", "candidate"]), ("fox", ["production"]), ("disk", ["candidate", None])]
    good = write(tmp_path / "good.jsonl", [{"id": name, "winners": each} for name, each in labels])
    bad = write(tmp_path / "bad.jsonl", [{"id": name, "winners": ["tie"]} for name, _ in labels])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Longer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with serve(BedrockRuntime(model_url=f"http://127.0.0.1:{server.server_port}/v1")) as url:
            runs = [
                evaluate(
                    *("--items", items, "--metrics", "words", "--output", tmp_path / name, "--judge", MODEL),
                    *("--production-predictions", rivals, "--calibration", calibration),
                    AWS_ENDPOINT_URL_BEDROCK_RUNTIME=url,
                )
                for name, calibration in (("out", good), ("unfit", bad))
            ]
    finally:
        server.shutdown()
        server.server_close()
    assert runs[0].returncode == 0, runs[0].stderr
    found = json.loads((tmp_path / "out" / "report.json").read_text())["judge"]
    assert [each["winner"] for each in found["verdicts"]] == ["candidate", "production", "candidate"]
    assert (found["summary"]["wins"], found["summary"]["losses"], found["calibration"]["cohen_kappa"]) == (2, 1, 1.0)
    assert "2 won, 0 tied, 1 lost of 3" in (tmp_path / "out" / "report.html").read_text()
    assert runs[1].returncode == 1
    assert "agrees with people on 0%" in json.loads((tmp_path / "unfit" / "failure.json").read_text())["reason"]


def test_a_judge_without_a_rival_is_refused(tmp_path: Path) -> None:
    items = write(tmp_path / "items.jsonl", ITEMS)
    done = evaluate("--items", items, "--metrics", "words", "--output", tmp_path / "out", "--judge", MODEL)
    assert done.returncode == 1
    assert "Give --production-predictions" in done.stderr
