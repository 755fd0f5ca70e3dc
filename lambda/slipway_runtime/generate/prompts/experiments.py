"""A tenant's experiments: start, look, change weights, end; and act on what is decided."""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from slipway_runtime.generate.errors import ApiError, invalid
from slipway_runtime.generate.prompts.experiment import Decision, Experiment, Plan
from slipway_runtime.generate.prompts.experiment_counts import Counted, Observation, Tally
from slipway_runtime.generate.prompts.experiment_decision import decided
from slipway_runtime.generate.prompts.labels import Labels
from slipway_runtime.generate.prompts.names import no_such
from slipway_runtime.generate.prompts.versions import ATTEMPTS, Author, busy, iso
from slipway_runtime.operate import rows
from slipway_runtime.operate.rows import NEW, Conflict, Row, Table

WHO = "experiment"


@dataclass(frozen=True, kw_only=True)
class Experiments:
    """The experiments of the tenant whose labels these are."""

    labels: Labels
    now: Callable[[], float] = time.time

    def start(self, plan: Plan, author: Author) -> Experiment:
        """Put an experiment on a label. Raises: ApiError 400, 404, or 409 if one is on it already."""
        plan.check()
        label = self.labels.get(plan.prompt, plan.label)
        for arm in plan.arms:
            if arm.version == label.version:
                raise invalid(f"Version {arm.version} is the label's own, the control.", "arms")
            self.labels.versions.get(plan.prompt, arm.version)
        now = self.now()
        experiment = Experiment(
            id=f"{plan.prompt}-{plan.label}-{secrets.token_hex(4)}",
            plan=plan,
            control=label.version,
            weights={label.version: plan.control_weight, **{arm.version: arm.weight for arm in plan.arms}},
            status="running",
            by=author.who,
            started_at=iso(now),
            ends_at=now + plan.max_days * 86_400,
        )
        self.table.write(rows.put(self._row(experiment), NEW))
        try:
            self.labels.try_out(plan.prompt, plan.label, experiment.id, author, expected=label.version)
        except ApiError as error:
            self._save(_ended(experiment, Decision("ended", iso(now), author.who, f"not begun: {error.code}")))
            raise
        return experiment

    def get(self, identifier: str) -> Experiment:
        """Return an experiment. Raises: ApiError 404."""
        if row := self.table.get(self._subject, identifier):
            return _experiment(row)
        raise no_such("experiment", identifier, "id")

    def all(self, *, after: str = "", limit: int = 0) -> Iterator[Experiment]:
        """Yield the experiments by id, also those that have ended."""
        yield from map(_experiment, self.table.query(self._subject, after=after, limit=limit))

    def record(
        self, identifier: str, *, arm: int, unit: str, metric: str, value: float, event_id: str
    ) -> Counted | str:
        """Count what was observed of a unit that got an arm; "ignored" where nothing is measured by this name, or the
        experiment has ended.

        Raises: ApiError 404, and 400 for an arm or a value that cannot be.
        """
        experiment = self.get(identifier)
        if experiment.status == "ended" or self.now() >= experiment.ends_at:
            return "ignored"
        if (measured := experiment.plan.metrics.get(metric)) is None:
            return "ignored"
        if arm not in (experiment.control, *(each.version for each in experiment.plan.arms)):
            raise invalid(f"Version {arm} is no arm of the experiment.", "arm")
        return self.tally.add(
            identifier, Observation(experiment.epoch, arm, unit, metric, measured.share(value), event_id)
        )

    def weigh(self, identifier: str, weights: dict[int, float], author: Author) -> Experiment:
        """Change the weights of arms that get traffic; what is counted from now on is compared by itself."""
        for _ in range(ATTEMPTS):
            old = self._running(identifier)
            if unknown := sorted(set(weights) - set(old.weights)):
                raise invalid(f"Version {unknown[0]} is no arm that gets traffic.", "weights")
            new = msgspec.structs.replace(old, weights={**old.weights, **weights}, epoch=old.epoch + 1)
            if new.weights == old.weights:
                return old
            note = Decision("reweighted", iso(self.now()), author.who, author.why)
            if saved := self._save(msgspec.structs.replace(new, decisions=(*old.decisions, note))):
                return saved
        raise busy()

    def end(self, identifier: str, author: Author, *, promote: int | None = None) -> Experiment:
        """End an experiment; its label stays at the control, or moves to the version `promote`."""
        for _ in range(ATTEMPTS):
            old = self.get(identifier)
            if old.status == "ended":
                return old
            if promote is not None and promote not in old.weights:
                raise invalid(f"Version {promote} is no arm that gets traffic.", "promote")
            self.labels.conclude(old.plan.prompt, old.plan.label, old.id, promote, author)
            decision = Decision("ended", iso(self.now()), author.who, author.why, promote or 0)
            if saved := self._save(_ended(old, decision)):
                return saved
        raise busy()

    def judge(self, identifier: str) -> Experiment:
        """Decide what the counters say and act: take harmful arms back, end what is over, promote a winner if so
        planned. Again, it changes nothing."""
        for _ in range(ATTEMPTS):
            old = self.get(identifier)
            if old.status == "ended":
                return old
            found = list(decided(old, self.tally.read(identifier), iso(self.now())))
            new = self._act(old, found)
            if new == old:
                return old
            if saved := self._save(new):
                return saved
        raise busy()

    def _act(self, old: Experiment, found: list[Decision]) -> Experiment:
        """Act on labels first: repeated after a crash that comes before the experiment is saved, it does no more."""
        plan = old.plan
        harmful = {each.arm: each for each in found if each.outcome == "harm"}
        for arm, decision in harmful.items():
            self._take_back(plan, arm, decision)
        weights = {version: weight for version, weight in old.weights.items() if version not in harmful}
        decisions = (*old.decisions, *found)
        new = msgspec.structs.replace(old, weights=weights, decisions=decisions)
        if harmful and new.treatments:  # its units spread over the others, as after any change of weights
            new = msgspec.structs.replace(new, epoch=old.epoch + 1)
        winner = new.winner if plan.promote else None
        if winner is None and new.treatments and self.now() < old.ends_at:
            return new
        why = _reason(winner, new)
        self.labels.conclude(plan.prompt, plan.label, old.id, winner.arm if winner else None, Author(WHO, why))
        return _ended(new, Decision("ended", iso(self.now()), WHO, why, winner.arm if winner else 0))

    def _take_back(self, plan: Plan, arm: int, decision: Decision) -> None:
        """Roll the label back where somebody has pointed it to the harmful arm meanwhile."""
        label = self.labels.find(plan.prompt, plan.label)
        if label and label.version == arm and label.history:
            why = f"harm: {decision.metric} is worse than the control's, log e {decision.log_e:.2f}"
            self.labels.rollback(plan.prompt, plan.label, Author(WHO, why), expected=arm)

    def _running(self, identifier: str) -> Experiment:
        found = self.get(identifier)
        if found.status == "ended":
            raise ApiError(409, "The experiment has ended.", code="experiment_ended", param="id")
        return found

    def _save(self, new: Experiment) -> Experiment | None:
        """Write an experiment over the revision that was read; None if somebody was quicker."""
        saved = msgspec.structs.replace(new, revision=new.revision + 1)
        try:
            self.table.write(rows.put(self._row(saved), "revision = :0", (new.revision,)))
        except Conflict:
            return None
        return saved

    @property
    def table(self) -> Table:
        """The table."""
        return self.labels.versions.table

    @property
    def tally(self) -> Tally:
        """The counters."""
        return Tally(table=self.table, tenant=self.labels.versions.tenant, now=self.now)

    @property
    def _subject(self) -> str:
        return f"{self.labels.versions.tenant}#experiments"

    def _row(self, experiment: Experiment) -> Row:
        body = msgspec.json.encode(experiment).decode()
        return {"subject": self._subject, "item": experiment.id, "revision": experiment.revision, "body": body}


def _ended(experiment: Experiment, decision: Decision) -> Experiment:
    return msgspec.structs.replace(experiment, status="ended", decisions=(*experiment.decisions, decision))


def _reason(winner: Decision | None, experiment: Experiment) -> str:
    if winner:
        return f"version {winner.arm} is better in {winner.metric}, log e {winner.log_e:.2f}"
    return "the days are over" if experiment.treatments else "every arm did harm"


def _experiment(row: Row) -> Experiment:
    return msgspec.json.decode(str(row["body"]), type=Experiment)
