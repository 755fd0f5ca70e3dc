"""What exists of each stack: one JSON file per stack in the state folder."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from slipway_local.deploy.intrinsics import TemplateError
from slipway_local.deploy.providers.base import Created


@dataclass(kw_only=True)
class Record:
    """One resource that exists; `properties` are resolved but for `{{resolve:…}}`, so that no secret is written."""

    logical_id: str
    type: str
    mode: str
    physical_id: str
    attributes: dict[str, Any]
    properties: dict[str, Any]
    depends_on: list[str]
    retain: bool = False

    @property
    def created(self) -> Created:
        """Return what the provider made."""
        return Created(physical_id=self.physical_id, attributes=self.attributes)


@dataclass(kw_only=True)
class StackState:
    """One stack: its status in CloudFormation's words, its resources by logical id, its outputs."""

    name: str
    status: str = "CREATE_IN_PROGRESS"
    reason: str = ""
    records: dict[str, Record] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    def ref(self, logical_id: str) -> str:
        """Return what Ref gives. Raises TemplateError for what does not exist."""
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
            raise TemplateError(f"{self.name}: {logical_id} is neither a parameter nor a resource that exists")
        return self.records[logical_id]


class StackStore:
    """The stacks of one state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lost: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

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
        before = {f"{stack.name}/{key}": record for stack in self.all() for key, record in stack.records.items()}
        self.lost = sorted(name for name, record in after.items() if before.get(name) != record)

    def load(self, name: str) -> StackState | None:
        """Return a stack, or None."""
        path = self._folder / f"{name}.json"
        if not path.exists():
            return None
        data = json.loads(path.read_text(encoding="utf-8"))
        records = {key: Record(**value) for key, value in data.pop("records").items()}
        return StackState(**data, records=records)

    def save(self, state: StackState) -> None:
        """Write a stack; the file is whole or the old one, never half."""
        path = self._folder / f"{state.name}.json"
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(state), indent=1, default=str), encoding="utf-8")
        partial.replace(path)

    def remove(self, name: str) -> None:
        """Forget a stack."""
        (self._folder / f"{name}.json").unlink(missing_ok=True)

    def all(self) -> Iterator[StackState]:
        """Yield every stack, by name."""
        for path in sorted(self._folder.glob("*.json")):
            if state := self.load(path.stem):
                yield state
