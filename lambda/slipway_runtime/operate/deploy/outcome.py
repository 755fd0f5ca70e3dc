"""What came of a deployment: the endpoint's standing, the audit table, the notice to people."""

import time
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from slipway_runtime.operate import audit
from slipway_runtime.operate.deploy.change import Change
from slipway_runtime.operate.deploy.deployments import Deployments, Served
from slipway_runtime.operate.deploy.figures import figures
from slipway_runtime.operate.deploy.plan import Plan, Request
from slipway_runtime.operate.deploy.scaling import scale

EVENT = "approval"
Outcome = Literal["", "promoted", "rolled_back", "failed", "refused", "current", "superseded", "interrupted"]
SUBJECT_CHARACTERS = 100
# What people hear of, in words; the rest is no news.
WORDS = {
    "promoted": "serves",
    "rolled_back": "was rolled back from",
    "failed": "could not start",
    "refused": "was refused",
    "interrupted": "was taken back by a person from",
}
REMEDY = {
    "rolled_back": "See the alarm and the endpoint's log, mend the model, and register a new version. "
    "`slipway models deploy` tries the same again.",
    "failed": "See the endpoint's log; what the model server says on its start is there.",
}


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment knows of itself. `before`: what was served; `older`: before that.   `poll`: in seconds."""

    request: Request
    outcome: Outcome = ""
    reason: str = ""
    remedy: str = ""
    package: str = ""
    label: str = ""
    fit: str = ""
    approved_by: str = ""
    served: Served | None = None
    before: Served | None = None
    older: Served | None = None
    deployment: dict[str, Any] | None = None
    started_at: int = 0
    poll: int = 15

    @property
    def actor(self) -> str:
        """Return who is behind it: of an approval the person who gave it."""
        if self.request.by == EVENT:
            return f"{EVENT} by {self.approved_by or 'the registry'}"
        return self.request.by or "unknown"


@dataclass(frozen=True, kw_only=True)
class Finisher:
    """The services that an ending needs."""

    sagemaker: Any
    cloudwatch: Any
    autoscaling: Any
    sns: Any
    deployments: Deployments
    audit_table: str
    topic: str

    def finish(self, state: State, plan: Plan | None, execution: str, entered_at: str) -> dict[str, Any]:
        """Settle the outcome and return it. What may be tried again is done again without harm."""
        now = time.time()
        numbers: dict[str, float] = {}
        if plan:
            numbers = figures(self.cloudwatch, plan.dimensions, state.started_at, until=now)
            self._settle(state, plan)
        told = {
            "endpoint": state.request.endpoint,
            "action": state.request.action,
            "outcome": state.outcome,
            "version": state.label,
            "before": state.before.label if state.before else "",
            "reason": state.reason,
            "remedy": state.remedy or REMEDY.get(state.outcome, ""),
            "seconds": round(now - state.started_at) if state.started_at else 0,
            "numbers": numbers,
        }
        self._record(state, told, execution, entered_at)
        if word := WORDS.get(state.outcome):
            self._tell(state, told, word)
        return told

    def _settle(self, state: State, plan: Plan) -> None:
        change, name = Change(sagemaker=self.sagemaker, plan=plan), state.request.endpoint
        if state.outcome != "promoted":
            if state.outcome == "failed" and state.before is None:
                change.remove(lambda: time.sleep(2))
            change.tidy(state.served if state.request.action == "deploy" else None)
            self.deployments.note(name, state.package, state.outcome)
            return
        scale(plan, self.autoscaling, self.cloudwatch)
        back = state.request.action == "rollback"
        change.tidy(state.before if back else state.older)
        self.deployments.write(name, state.served, None if back else state.before)
        self.deployments.note(name, state.package, "promoted")
        if state.before:
            self.deployments.note(name, state.before.package, "rolled_back" if back else "replaced")

    def _record(self, state: State, told: dict[str, Any], execution: str, entered_at: str) -> None:
        if state.outcome == "current":
            return
        served = state.label if state.outcome == "promoted" else told["before"]
        detail = {**told, "fit": state.fit, "why": state.request.why, "execution": execution}
        subject, action = f"endpoint/{state.request.endpoint}", f"{state.request.action}:{state.outcome}"
        entry = {"at": entered_at, "entry_id": execution.rpartition(":")[2]}
        audit.record(self.audit_table, subject, action, state.actor, told["before"], served, detail, **entry)

    def _tell(self, state: State, told: dict[str, Any], word: str) -> None:
        subject = f"{state.request.endpoint} {word} {state.label}".strip()
        if state.outcome != "promoted":
            subject = f"{state.label or 'A change'} {word} {state.request.endpoint}"
        lines = [subject, told["reason"], told["remedy"], ", ".join(f"{k} {v:g}" for k, v in told["numbers"].items())]
        text = "\n".join(line for line in lines if line)
        self.sns.publish(TopicArn=self.topic, Subject=subject[:SUBJECT_CHARACTERS], Message=text)
