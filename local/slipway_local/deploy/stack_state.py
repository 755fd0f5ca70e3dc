"""What exists of each stack: one JSON file per stack in the state folder."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from slipway_local.deploy.intrinsics import TemplateError, UnknownResourceError
from slipway_local.deploy.providers.base import Created
from slipway_local.state_folder import private

NEW = ("", "REVIEW_IN_PROGRESS")


def now() -> str:
    """Return the time as events and stacks keep it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


POLICIES = ("retain", "retain_replaced", "retain_undone", "snapshot", "snapshot_replaced")


@dataclass(kw_only=True)
class Record:
    """One resource that exists; `properties` are resolved but for `{{resolve:…}}`, so that no secret is written.

    `retain` keeps it when it leaves the stack, `retain_replaced` when an update replaces it, `retain_undone` when its
    creation is rolled back; `snapshot` and `snapshot_replaced` take a snapshot before it is deleted for these reasons.
    """

    logical_id: str
    type: str
    mode: str
    physical_id: str
    attributes: dict[str, Any]
    properties: dict[str, Any]
    depends_on: list[str]
    retain: bool = False
    retain_replaced: bool = False
    retain_undone: bool = False
    snapshot: bool = False
    snapshot_replaced: bool = False
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    changed_at: str = field(default_factory=now)

    @property
    def created(self) -> Created:
        """Return what the provider made."""
        return Created(physical_id=self.physical_id, attributes=self.attributes)


@dataclass(kw_only=True)
class StackState:
    """One stack: its status in CloudFormation's words, its resources by logical id, its outputs and events.

    `template` is the text that was submitted, `previous` holds template, parameters and settings from before an update
    that failed and was not rolled back, `exports` maps an export's name to the output's, `of_assembly` says that
    `slipway local up` made it and may delete it when it leaves the assembly.
    """

    name: str
    stack_id: str = ""
    status: str = ""
    reason: str = ""
    records: dict[str, Record] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    exports: dict[str, str] = field(default_factory=dict)
    imports: list[str] = field(default_factory=list)
    template: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    previous: dict[str, Any] = field(default_factory=dict)
    termination_protection: bool = False
    of_assembly: bool = False
    created_at: str = field(default_factory=now)
    updated_at: str = ""
    deleted_at: str = ""
    events: list[dict[str, str]] = field(default_factory=list)

    def tell(self, status: str, reason: str = "") -> None:
        """Set the stack's status and add the event."""
        self.status, self.reason = status, reason
        self.add_event(self.name, "AWS::CloudFormation::Stack", self.stack_id, status, reason)

    def add_event(self, logical_id: str, resource_type: str, physical_id: str, status: str, reason: str = "") -> None:
        """Add an event, in the words of DescribeStackEvents."""
        event = {
            "EventId": str(uuid.uuid4()),
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": resource_type,
            "ResourceStatus": status,
            "Timestamp": now(),
        }
        self.events.append(event | ({"ResourceStatusReason": reason} if reason else {}))

    def ref(self, logical_id: str) -> str:
        """Return what Ref gives. Raises UnknownResourceError for what does not exist."""
        return self._record(logical_id).physical_id

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return what Fn::GetAtt gives. Raises TemplateError for what the emulation does not know."""
        record = self._record(logical_id)
        for source in (record.attributes, record.properties):
            if name in source:
                return source[name]
        value: Any = record.attributes
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is None:
            raise TemplateError(f"{self.name}/{logical_id} ({record.type}) has no attribute {name} here")
        return value

    def _record(self, logical_id: str) -> Record:
        if logical_id not in self.records:
            text = f"{self.name}: {logical_id} is neither a parameter nor a resource that exists"
            raise UnknownResourceError(text)
        return self.records[logical_id]


class StackInUseError(RuntimeError):
    """Somebody else changes this stack just now."""


class StackStore:
    """The stacks of one state folder, held in memory and written when they change; the deleted ones until the end.

    `refused` holds, per stack, the resources that the last attempt to deploy it could not have, each with its reason.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.deleted: list[StackState] = []
        self.refused: dict[str, list[str]] = {}
        self._claimed: set[str] = set()
        self._lock = threading.Lock()
        self.lost: list[str] = []
        private(folder)
        self._stacks = {path.stem: _read(path) for path in sorted(folder.glob("*.json"))}

    @property
    def in_use(self) -> bool:
        """Return whether a stack is being changed."""
        return bool(self._claimed)

    @contextmanager
    def claimed(self, name: str) -> Iterator[None]:
        """Keep others from changing a stack until `release`, which an error in the block does as well.

        Raises StackInUseError if another does.
        """
        with self._lock:
            if name in self._claimed:
                raise StackInUseError(f"Stack {name} is being changed by another deployment")
            self._claimed.add(name)
        try:
            yield
        except BaseException:
            self.release(name)
            raise

    def release(self, name: str) -> None:
        """Let others change a stack."""
        self._claimed.discard(name)

    def state(self) -> dict[str, str]:
        """Return the stacks' files by name: a snapshot holds what was deployed at its moment."""
        return {path.name: path.read_text(encoding="utf-8") for path in self._folder.glob("*.json")}

    def restore(self, state: dict[str, str]) -> None:
        """Go back to the stacks of a snapshot; `lost` names the resources that were deployed after it."""
        after = {f"{stack.name}/{key}": record for stack in self.all() for key, record in stack.records.items()}
        for path in self._folder.glob("*.json"):
            path.unlink()
        for name, text in state.items():
            (self._folder / name).write_text(text, encoding="utf-8")
        self._stacks = {path.stem: _read(path) for path in sorted(self._folder.glob("*.json"))}
        before = {f"{stack.name}/{key}": record for stack in self.all() for key, record in stack.records.items()}
        self.lost = sorted(name for name, record in after.items() if before.get(name) != record)

    def load(self, name: str) -> StackState | None:
        """Return a stack, or None."""
        return self._stacks.get(name)

    def save(self, state: StackState) -> None:
        """Keep a stack; its file is whole or the old one, never half."""
        self._stacks[state.name] = state
        path = self._folder / f"{state.name}.json"
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(state), indent=1, default=str), encoding="utf-8")
        partial.replace(path)

    def remove(self, name: str) -> None:
        """Forget a stack, but for what it was."""
        if state := self._stacks.pop(name, None):
            self.deleted.append(state)
        (self._folder / f"{name}.json").unlink(missing_ok=True)

    def all(self) -> list[StackState]:
        """Return every stack, by name."""
        return [self._stacks[name] for name in sorted(self._stacks)]

    def describe(self) -> dict[str, Any]:
        """Return the stacks and their resources as `status` shows them."""
        resources: dict[str, list[str]] = {"live": [], "recorded": []}
        for state in self.all():
            for record in state.records.values():
                resources[record.mode].append(f"{record.type} {state.name}/{record.logical_id}")
        stacks = {s.name: {"status": s.status, "reason": s.reason, "outputs": s.outputs} for s in self.all()}
        resources["refused"] = [line for lines in self.refused.values() for line in lines]
        return {"stacks": stacks, "resources": resources}

    def exports(self) -> dict[str, str]:
        """Return every export's value, by name."""
        return {export: s.outputs[output] for s in self.all() for export, output in s.exports.items()}

    def importers(self, export: str) -> list[str]:
        """Return the names of the stacks that import an export."""
        return [state.name for state in self.all() if export in state.imports]


def _read(path: Path) -> StackState:
    data = json.loads(path.read_text(encoding="utf-8"))
    records = {key: Record(**value) for key, value in data.pop("records").items()}
    return StackState(**data, records=records)
