"""What the rules make of a fixed corpus, under the version of the rules that every chunk names.

python tests/runtime/prepare/test_rules_version.py      writes golden.json anew, after RULES_VERSION was raised
"""

import hashlib
import json
import re
from pathlib import Path

import msgspec
import pytest

from slipway_runtime.prepare.prepare import RULES_VERSION, prepare
from slipway_runtime.prepare.redact.span import STRENGTH
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.build import build
from slipway_runtime.prepare.rules.settings import C4, FineWeb, Gopher, Quality, Redaction, Repetition, Rules

CORPUS = Path(__file__).with_name("golden")
GOLDEN = Path(__file__).with_name("golden.json")
EVERY_KIND = tuple(sorted(set(STRENGTH) - {"name"}))
RULES = {
    "none": Rules(),
    "redact": Rules(redact=Redaction(kinds=EVERY_KIND)),
    "numbered": Rules(redact=Redaction(kinds=EVERY_KIND, placeholders="numbered")),
    "c4": Rules(quality=Quality(c4=C4())),
    "fineweb": Rules(quality=Quality(fineweb=FineWeb())),
    "gopher": Rules(quality=Quality(gopher=Gopher())),
    "repetition": Rules(quality=Quality(repetition=Repetition())),
    "languages": Rules(languages=("en",)),
}


def outputs() -> dict[str, str]:
    """Return a hash of what each set of rules makes of each document: the document, or why it is refused."""
    found = {}
    for path in sorted(CORPUS.iterdir()):
        for name, rules in RULES.items():
            try:
                made = msgspec.json.encode(prepare(path.read_bytes(), path.name, rules=build(rules)))
            except Rejected as rejected:
                made = f"{rejected.code}: {rejected.reason}".encode()
            found[f"{path.name} {name}"] = hashlib.sha256(made).hexdigest()[:16]
    return found


@pytest.mark.capability("D10")
def test_no_rule_gives_other_text_under_the_same_version() -> None:
    golden, found = json.loads(GOLDEN.read_text()), outputs()
    changed = sorted(
        name for name in golden["outputs"].keys() | found.keys() if golden["outputs"].get(name) != found.get(name)
    )
    remedy = "then write golden.json anew (see the head of this file)"
    assert not changed, (
        f"the rules of version {RULES_VERSION} made something else of {changed}: raise RULES_VERSION, {remedy}"
    )
    assert golden["version"] == RULES_VERSION, f"RULES_VERSION is {RULES_VERSION}: {remedy}"


def test_the_documentation_shows_this_version() -> None:
    docs = Path(__file__).parents[3] / "docs"
    shown = {
        (path.name, each) for path in docs.glob("*.md") for each in re.findall(r"prepare-(\d+)/", path.read_text())
    }
    assert {each for _, each in shown} == {RULES_VERSION}, shown


def write() -> None:
    """Write golden.json. Raises: SystemExit where outputs changed and RULES_VERSION did not."""
    golden, found = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}, outputs()
    same = golden.get("outputs", {}).items() & found.items()
    if golden.get("version") == RULES_VERSION and len(same) < len(golden["outputs"]):
        raise SystemExit("outputs changed: raise RULES_VERSION first")
    GOLDEN.write_text(json.dumps({"version": RULES_VERSION, "outputs": found}, indent=1) + "\n")


if __name__ == "__main__":
    write()
