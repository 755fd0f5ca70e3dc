"""Every failure of the guard is counted, whatever fails: reading its policy, its detectors, Bedrock, its documents."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.generate.guard.test_step import ATTACK, answers, asked, policy
from slipway_runtime.generate.conversation import Message
from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.events import Event, Finish, TextDelta
from slipway_runtime.generate.exchange import Exchange
from slipway_runtime.generate.guard import outgoing, request, screen
from slipway_runtime.generate.guard.bedrock_guardrail import BedrockGuardrail
from slipway_runtime.generate.guard.policy import Policy, Rule
from slipway_runtime.generate.guard.screen import Screen
from slipway_runtime.generate.guard.stored_policies import StoredPolicies
from slipway_runtime.operate.observability import metrics
from slipway_runtime.retrieve.stores.contract import Hit
from tests.support.guard import guard

pytestmark = pytest.mark.capability("P9")
SAID = asked(Message("user", "Good morning"))


class BrokenError(Exception):
    """What nobody expected."""


def broken(*_: Any, **__: Any) -> Any:
    raise BrokenError


@pytest.fixture(autouse=True)
def counted() -> Iterator[None]:
    metrics.clear_metrics()
    yield
    metrics.clear_metrics()


def failures() -> float:
    return sum(metrics.metric_set.get("GuardrailFailures", {"Value": [0]})["Value"])


def bedrock(answer: Any) -> BedrockGuardrail:
    return BedrockGuardrail(client=SimpleNamespace(apply_guardrail=answer), identifier="g", version="1")


def test_a_policy_that_cannot_be_read_is_counted() -> None:
    onward, seen = answers(Finish("stop"))
    with pytest.raises(BrokenError):
        list(guard(policy=broken)(SAID, onward))
    assert (failures(), seen) == (1, [])


def test_going_on_with_an_older_policy_is_counted_too() -> None:
    clock = SimpleNamespace(now=0.0)
    found = [{"Name": "/guard", "Value": "{}", "Version": 1}]
    ssm = SimpleNamespace(get_parameters=lambda **_: {"Parameters": found})
    policies = StoredPolicies(ssm=ssm, name="/guard", now=lambda: clock.now)
    first = policies.of("t")
    ssm.get_parameters, clock.now = broken, 100.0
    assert (policies.of("t"), failures()) == (first, 1)


def test_a_detector_that_breaks_on_the_request_or_on_the_answer_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched, pytest.raises(BrokenError):
        patched.setattr(request, "score", broken)
        list(guard(policy=policy(injection=Rule(input="flag")))(SAID, answers()[0]))
    assert failures() == 1
    with monkeypatch.context() as patched, pytest.raises(BrokenError):
        patched.setattr(outgoing.Outgoing, "text", broken)
        list(guard(policy=policy())(SAID, answers(TextDelta("Hello"), Finish("stop"))[0]))
    assert failures() == 2


@pytest.mark.parametrize("answer", [broken, lambda **_: {}, lambda **_: {"action": "GUARDRAIL_INTERVENED"}])
def test_a_guardrail_of_bedrock_that_fails_or_answers_nonsense_is_counted_once(answer: Any) -> None:
    checks = guard(policy=policy(bedrock=Rule(input="block", output="block")), bedrock=bedrock(answer))
    with pytest.raises(ApiError) as caught:
        list(checks(SAID, answers()[0]))
    assert (caught.value.status, caught.value.code, failures()) == (503, "guardrail_unavailable", 1)


def test_documents_that_cannot_be_read_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "score", broken)
    hit = object.__new__(Hit)
    object.__setattr__(hit, "content", "x")
    with pytest.raises(BrokenError):
        Screen(lambda _: Policy(documents=Rule(input="flag")))("t", [hit])
    assert failures() == 1


def test_what_the_guard_decides_and_what_fails_beyond_it_is_not_counted() -> None:
    blocking = guard(policy=policy(injection=Rule(input="block")))
    attack = asked(Message("user", ATTACK))
    with pytest.raises(ApiError, match="injection"):
        list(blocking(attack, answers()[0]))

    def model_fails(_exchange: Exchange) -> Iterator[Event]:
        yield TextDelta("Hel")
        raise BrokenError

    with pytest.raises(BrokenError):
        list(guard(policy=policy())(SAID, model_fails))
    assert failures() == 0
