"""A rule that takes too long costs its document, which is rejected by the rule's name, and never the next one."""

import time
from collections import Counter
from typing import ClassVar

import pytest

from slipway_runtime.prepare.isolate import Limits
from slipway_runtime.prepare.prepare import prepare
from slipway_runtime.prepare.rejected import TooSlow
from slipway_runtime.prepare.rules.base import Counts, Filter, Finding, RuleSet, TextRule
from support.slow_rules import Endless

BRIEF = Limits(rules_cpu_seconds=0.2)


class EndlessFilter(Filter):
    name: ClassVar[str] = "endless.filter"

    def refuse(self, _document: object) -> Finding | None:
        while True:
            pass


class Waiting(TextRule):
    """Waits for a service, as names do."""

    name: ClassVar[str] = "waiting"

    def rewrite(self, text: str) -> tuple[str, Counts]:
        time.sleep(1)
        return text, Counter()


@pytest.mark.parametrize(
    ("rules", "name"),
    [(RuleSet(text_rules=(Endless(),)), "endless"), (RuleSet(filters=(EndlessFilter(),)), "endless.filter")],
    ids=["a regular expression", "a loop"],
)
def test_a_rule_that_takes_too_long_is_named(rules: RuleSet, name: str) -> None:
    with pytest.raises(TooSlow) as refused:
        prepare(b"Some slow words.", "a.md", BRIEF, rules)

    assert refused.value.code == "too_slow"
    assert refused.value.reason == (f"{name}: its rules took more than 0.2 s of CPU; split the document into parts")
    assert prepare(b"Some words.", "a.md", BRIEF).text == "Some words."


def test_waiting_for_a_service_is_no_reason() -> None:
    assert prepare(b"Some words.", "a.md", BRIEF, RuleSet(text_rules=(Waiting(),))).text == "Some words."
