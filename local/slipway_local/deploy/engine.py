"""The engine: makes what a template asks for, in order; changes, replaces, deletes; and undoes it all when one fails.

moto's own CloudFormation skips types that it does not know, creates lazily and cannot roll back.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from slipway_local.aws import Place
from slipway_local.deploy.intrinsics import Resolver, TemplateError, resolve_dynamic
from slipway_local.deploy.plan import Planned, plan
from slipway_local.deploy.providers import provider_of
from slipway_local.deploy.providers.base import Context, Created
from slipway_local.deploy.schemas import schema_of
from slipway_local.deploy.stack_state import Record, StackState, StackStore

GONE = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "InvalidAssociationID", "ResourceNotFound")
Progress = Callable[[str, str, str], None]


class DeployError(RuntimeError):
    """A deployment that failed and was rolled back; the message names stack, resource, type and cause."""


class Engine:
    """Deploys and deletes stacks of one account and region. `services` goes to the providers as it is."""

    def __init__(self, place: Place, store: StackStore, services: Mapping[str, Any], progress: Progress) -> None:
        self.place = place
        self.store = store
        self._services = services
        self._progress = progress

    def deploy(self, name: str, template: Mapping[str, Any]) -> StackState:
        """Create or update a stack and return it; nothing that is unchanged is touched.

        Raises TemplateError before anything is made, DeployError after everything was undone.
        """
        planned = plan(name, template, self.place)
        known = self.store.load(name)
        state = known or StackState(name=name)
        verb = "UPDATE" if known else "CREATE"
        resolver = Resolver(template, self.place, name, state)
        planned = [one for one in planned if one.condition is None or resolver.condition(one.condition)]
        change = _Change(self, state)
        try:
            for one in planned:
                change.apply(one, resolver)
            state.outputs = self._outputs(template, resolver)
        except Exception as error:
            change.undo()
            state.status, state.reason = f"{verb}_FAILED", str(error)
            if known:
                self.store.save(state)
            else:
                self.store.remove(name)
            raise
        change.clean_up({one.logical_id for one in planned})
        state.status, state.reason = f"{verb}_COMPLETE", ""
        if change.changed or not known:
            self.store.save(state)
        return state

    def delete(self, name: str) -> None:
        """Delete a stack's resources, the last made first; those with DeletionPolicy Retain stay."""
        state = self.store.load(name)
        if state is not None:
            _Change(self, state).clean_up(set())
            self.store.remove(name)

    def context(self, state: StackState, logical_id: str, resource_type: str) -> Context:
        """Return what a provider needs to know."""
        return Context(
            place=self.place,
            stack_name=state.name,
            logical_id=logical_id,
            resource_type=resource_type,
            services=self._services,
        )

    def report(self, state: StackState, logical_id: str, what: str) -> None:
        """Tell the caller what is being done."""
        self._progress(state.name, logical_id, what)

    @staticmethod
    def _outputs(template: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        outputs = template.get("Outputs", {})
        live = {key: o for key, o in outputs.items() if "Condition" not in o or resolver.condition(o["Condition"])}
        return {key: resolver.resolve(output["Value"]) for key, output in live.items()}


class _Change:
    """One deployment's changes to a stack, and how to undo them."""

    def __init__(self, engine: Engine, state: StackState) -> None:
        self._engine = engine
        self._state = state
        self._undo: list[Callable[[], None]] = []
        self._replaced: list[Record] = []

    @property
    def changed(self) -> bool:
        """Return whether anything was done."""
        return bool(self._undo or self._replaced)

    def apply(self, one: Planned, resolver: Resolver) -> None:
        """Bring one resource to what the template asks for."""
        existing = self._state.records.get(one.logical_id)
        try:
            wanted = resolver.resolve(one.properties)
            if existing is None:
                self._create(one, wanted)
            elif existing.type != one.type or self._must_replace(one, existing.properties, wanted):
                self._replaced.append(existing)
                self._create(one, wanted)
            elif existing.properties != wanted:
                self._update(one, existing, wanted)
        except TemplateError as error:
            raise DeployError(f"{self._state.name}/{one.logical_id} ({one.type}): {error}") from error
        except Exception as error:
            text = f"{self._state.name}/{one.logical_id} ({one.type}): {type(error).__name__}: {error}"
            raise DeployError(text) from error

    def _create(self, one: Planned, wanted: dict[str, Any]) -> None:
        self._engine.report(self._state, one.logical_id, f"creating {one.type}")
        context = self._engine.context(self._state, one.logical_id, one.type)
        before = self._state.records.get(one.logical_id)
        created = one.provider.create(context, resolve_dynamic(wanted, self._engine.place))
        record = self._record(one, created, wanted)
        self._undo.append(lambda: self._undo_create(record, before))
        self._save(record)

    def _undo_create(self, record: Record, before: Record | None) -> None:
        self._delete(record)
        if before is None:
            del self._state.records[record.logical_id]
        else:
            self._state.records[record.logical_id] = before

    def _update(self, one: Planned, existing: Record, wanted: dict[str, Any]) -> None:
        self._engine.report(self._state, one.logical_id, f"updating {one.type}")
        context = self._engine.context(self._state, one.logical_id, one.type)
        old, new = (resolve_dynamic(value, self._engine.place) for value in (existing.properties, wanted))
        self._undo.append(lambda: self._undo_update(one, existing, context, new, old))
        updated = one.provider.update(context, existing.created, old, new)
        if updated.physical_id != existing.physical_id:
            self._replaced.append(existing)
        self._save(self._record(one, updated, wanted))

    def _undo_update(
        self, one: Planned, existing: Record, context: Context, new: dict[str, Any], old: dict[str, Any]
    ) -> None:
        one.provider.update(context, existing.created, new, old)
        self._state.records[one.logical_id] = existing

    def undo(self) -> None:
        """Undo the changes, the last first; what cannot be undone is reported and left."""
        for step in reversed(self._undo):
            try:
                step()
            except Exception as error:
                self._engine.report(self._state, "", f"rollback: {error}")
        self._undo, self._replaced = [], []

    def clean_up(self, wanted: set[str]) -> None:
        """Delete what was replaced and what the template no longer holds, dependents first."""
        vanished = [self._state.records[key] for key in _dependents_first(self._state.records) if key not in wanted]
        for record in [*reversed(self._replaced), *vanished]:
            if record not in self._replaced:
                del self._state.records[record.logical_id]
                self._undo.append(lambda: None)
            if not record.retain:
                try:
                    self._delete(record)
                except Exception as error:
                    self._engine.report(self._state, record.logical_id, f"could not delete {record.type}: {error}")

    def _delete(self, record: Record) -> None:
        self._engine.report(self._state, record.logical_id, f"deleting {record.type}")
        provider = provider_of(record.type, self._engine.place.region)
        if isinstance(provider, str):
            raise TemplateError(provider)
        context = self._engine.context(self._state, record.logical_id, record.type)
        try:
            provider.delete(context, record.created, resolve_dynamic(record.properties, self._engine.place))
        except ClientError as error:
            if not any(word in error.response["Error"]["Code"] for word in GONE):
                raise

    def _record(self, one: Planned, created: Created, wanted: dict[str, Any]) -> Record:
        return Record(
            logical_id=one.logical_id,
            type=one.type,
            mode=one.provider.mode,
            physical_id=created.physical_id,
            attributes=dict(created.attributes),
            properties=wanted,
            depends_on=list(one.depends_on),
            retain=one.retain,
        )

    def _save(self, record: Record) -> None:
        self._state.records[record.logical_id] = replace(record)

    def _must_replace(self, one: Planned, old: dict[str, Any], new: dict[str, Any]) -> bool:
        if old == new:
            return False
        schema = schema_of(one.type, self._engine.place.region) or {}
        paths = [path.split("/")[2:] for path in schema.get("createOnlyProperties", [])]
        return not one.provider.updatable or any(_at(old, path) != _at(new, path) for path in paths)


def _at(value: Any, path: list[str]) -> Any:
    for part in path:
        if not isinstance(value, dict):
            return value
        value = value.get(part)
    return value


def _dependents_first(records: Mapping[str, Record]) -> list[str]:
    ordered: list[str] = []

    def visit(logical_id: str) -> None:
        if logical_id in records and logical_id not in ordered:
            for needed in records[logical_id].depends_on:
                visit(needed)
            ordered.append(logical_id)

    for logical_id in records:
        visit(logical_id)
    return ordered[::-1]
