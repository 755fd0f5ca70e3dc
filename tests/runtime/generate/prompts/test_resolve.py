"""What a request that names a prompt gets, how soon a change is seen, and what an outage of the table does."""

import dataclasses
from typing import Any, NoReturn

import msgspec
import pytest
from botocore.exceptions import EndpointConnectionError

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.prompts import content
from slipway_runtime.generate.prompts.content import Prompt
from slipway_runtime.generate.prompts.experiment import Arm, Experiment, Metric, Plan
from slipway_runtime.generate.prompts.experiments import Experiments
from slipway_runtime.generate.prompts.labels import Labels
from slipway_runtime.generate.prompts.recent import Recent
from slipway_runtime.generate.prompts.resolve import LABEL_SECONDS, STALE_SECONDS, Caller, Resolved, Resolver
from slipway_runtime.generate.prompts.versions import Author
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Table

ANN = Author("acme/ann")


class Clock:
    """Seconds that pass when a test says so."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def resolver(table: Table, clock: Clock) -> Resolver:
    def unused() -> NoReturn:
        raise AssertionError("no examples by similarity here")

    def brief() -> Any:
        return Recent(seconds=LABEL_SECONDS, stale_seconds=STALE_SECONDS, clock=clock)

    return Resolver(table=table, vectors=unused, labels=brief(), trials=brief())


@pytest.fixture
def greet(labels: Labels) -> Labels:
    for text in ("one", "two", "three"):
        made = {"messages": [{"role": "user", "content": text}], "model": "fast", "parameters": {"temperature": 0.0}}
        labels.versions.create("greet", content.encoded(msgspec.convert(made, Prompt)), ANN)
    labels.put("greet", "production", 1, ANN)
    return labels


def resolved(resolver: Resolver, named: str = "greet", user: str = "") -> Resolved:
    return resolver.resolve(Caller(tenant="acme", user=user), named, {}, Deadline.after(5))


@pytest.mark.capability("P1")
def test_a_name_a_label_and_a_number_name_a_version(resolver: Resolver, greet: Labels) -> None:
    found = resolved(resolver)
    assert [message.content for message in found.messages] == ["one"]
    assert (found.alias, found.parameters) == ("fast", {"temperature": 0.0})
    assert (found.provenance.prompt, found.provenance.version, found.provenance.label) == ("greet", 1, "production")
    assert [resolved(resolver, f"greet@{at}").provenance.version for at in ("2", "latest", "production")] == [2, 3, 1]
    with pytest.raises(ApiError, match="no prompt 'greet'"):
        resolver.resolve(Caller(tenant="other"), "greet", {}, Deadline.after(5))


@pytest.mark.capability("P1")
def test_a_moved_label_is_seen_within_the_stated_seconds(resolver: Resolver, greet: Labels, clock: Clock) -> None:
    assert resolved(resolver).provenance.version == 1
    greet.put("greet", "production", 2, ANN)
    assert resolved(resolver).provenance.version == 1
    clock.seconds = LABEL_SECONDS + 0.001
    assert resolved(resolver).provenance.version == 2


@pytest.mark.capability("P1")
def test_what_was_read_serves_while_the_table_is_down_and_then_no_longer(
    resolver: Resolver, greet: Labels, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved(resolver)

    def down(**_request: Any) -> NoReturn:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    monkeypatch.setattr(greet.versions.table.client, "get_item", down)
    clock.seconds = STALE_SECONDS
    assert resolved(resolver).provenance.version == 1
    clock.seconds = STALE_SECONDS + LABEL_SECONDS + 1
    with pytest.raises(EndpointConnectionError):
        resolved(resolver)


def started(experiments: Experiments, **more: Any) -> Experiment:
    plan = Plan(prompt="greet", label="production", arms=[Arm(2)], metric=Metric("thumbs"), **more)
    return experiments.start(plan, ANN)


@pytest.mark.capability("P3")
def test_users_are_spread_over_arms_and_the_unknown_get_the_labels_own(
    resolver: Resolver, greet: Labels, experiments: Experiments
) -> None:
    trial = started(experiments)
    found = {user: resolved(resolver, user=user).provenance for user in (f"u{at}" for at in range(60))}
    assert {one.version for one in found.values()} == {1, 2}
    assert all((one.experiment, one.arm, one.unit) == (trial.id, one.version, user) for user, one in found.items())
    nobody = resolved(resolver).provenance
    assert (nobody.version, nobody.experiment, nobody.arm) == (1, "", 0)


def fed(experiments: Experiments, trial: Experiment, arm: int, value: float, units: range) -> None:
    for unit in units:
        seen = {"arm": arm, "unit": f"u{unit}", "metric": "thumbs", "value": value, "event_id": f"{arm}-{unit}"}
        assert experiments.record(trial.id, **seen) == "counted"  # type: ignore[arg-type]


@pytest.mark.capability("P3")
def test_a_winner_is_reported_or_promoted_as_planned(greet: Labels, experiments: Experiments) -> None:
    trial = started(experiments, promote=True)
    fed(experiments, trial, 1, 0.0, range(10))
    fed(experiments, trial, 2, 1.0, range(100, 110))
    ended = experiments.judge(trial.id)

    assert [each.outcome for each in ended.decisions] == ["better", "ended"]
    assert (ended.status, ended.winner.arm if ended.winner else 0) == ("ended", 2)
    label = greet.get("greet", "production")
    assert (label.version, label.history, label.experiment) == (2, (1,), "")
    assert "better in thumbs" in label.why
    assert experiments.judge(trial.id) == ended


@pytest.mark.capability("P3")
def test_a_harmful_arm_is_taken_back_and_the_others_go_on(
    greet: Labels, experiments: Experiments, resolver: Resolver
) -> None:
    plan = Plan(prompt="greet", label="production", arms=[Arm(2), Arm(3)], metric=Metric("thumbs"))
    trial = experiments.start(plan, ANN)
    fed(experiments, trial, 1, 1.0, range(20))
    fed(experiments, trial, 2, 0.0, range(100, 120))
    found = experiments.judge(trial.id)

    assert (found.status, set(found.weights), found.epoch) == ("running", {1, 3}, 2)
    assert {resolved(resolver, user=f"u{at}").provenance.version for at in range(40)} == {1, 3}
    assert experiments.judge(trial.id).decisions == found.decisions


@pytest.mark.capability("P3")
def test_a_rollback_ends_the_experiment_on_the_label_at_once(
    greet: Labels, experiments: Experiments, resolver: Resolver
) -> None:
    greet.put("greet", "production", 3, ANN)
    trial = started(experiments)
    with pytest.raises(ApiError, match="end it first"):
        greet.put("greet", "production", 2, ANN)
    greet.rollback("greet", "production", ANN)
    assert {resolved(resolver, user=f"u{at}").provenance.version for at in range(20)} == {1}
    # A verdict that comes late moves nothing any more.
    fed(experiments, trial, 3, 0.0, range(20))
    fed(experiments, trial, 2, 1.0, range(100, 120))
    experiments.judge(trial.id)
    assert greet.get("greet", "production").version == 1


@pytest.mark.capability("P3")
def test_one_person_counts_once_and_one_event_too(experiments: Experiments, greet: Labels) -> None:
    trial = started(experiments)
    event = {"arm": 2, "unit": "u", "metric": "thumbs", "value": 1.0}
    said = [experiments.record(trial.id, event_id=name, **event) for name in ("a", "a", "b", "b")]  # type: ignore[arg-type]
    assert said == ["counted", "duplicate", "repeat", "duplicate"]
    assert experiments.tally.read(trial.id)[1]["thumbs"][2] == (1, 1.0)
    other = {**event, "metric": "cost", "event_id": "c"}
    assert experiments.record(trial.id, **other) == "ignored"  # type: ignore[arg-type]
    with pytest.raises(ApiError, match="from 0 to 1"):
        experiments.record(trial.id, **{**event, "value": 2.0, "event_id": "d"})  # type: ignore[arg-type]


@pytest.mark.capability("P3")
def test_an_experiment_whose_days_are_over_ends_and_is_no_longer_counted(
    greet: Labels, experiments: Experiments
) -> None:
    trial = started(experiments, max_days=1)
    later = dataclasses.replace(experiments, now=lambda: trial.ends_at + 1)
    seen = {"arm": 2, "unit": "u", "metric": "thumbs", "value": 1.0, "event_id": "e"}
    assert later.record(trial.id, **seen) == "ignored"  # type: ignore[arg-type]
    assert later.judge(trial.id).status == "ended"
    assert greet.get("greet", "production").experiment == ""
