"""One deployment's changes to a stack, and how to undo them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from slipway_local.deploy.dynamic_references import resolve_dynamic
from slipway_local.deploy.intrinsics import Resolver, TemplateError
from slipway_local.deploy.plan import Planned, property_problems
from slipway_local.deploy.providers import provider_of
from slipway_local.deploy.providers.base import Context, Created, PartlyCreatedError
from slipway_local.deploy.providers.calls import says_gone
from slipway_local.deploy.replacement import must_replace
from slipway_local.deploy.snapshots import take_snapshot
from slipway_local.deploy.stack_state import POLICIES, Record, StackState, now

if TYPE_CHECKING:
    from slipway_local.deploy.engine import Engine

REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


class ChangeError(RuntimeError):
    """A resource that could not be made or changed; the message names stack, resource, type and cause."""


class Change:
    """Applies planned resources one by one, then either cleans up or undoes. `failure` says what failed, for events."""

    def __init__(self, engine: "Engine", state: StackState) -> None:
        self._engine = engine
        self._state = state
        self._undo: list[tuple[str, Callable[[], None]]] = []
        self._replaced: list[Record] = []
        self._failed: set[str] = set()
        self.failure = ""

    def apply(self, one: Planned, resolver: Resolver) -> None:
        """Bring one resource to what the template asks for. Raises ChangeError."""
        existing = self._state.records.get(one.logical_id)
        verb = "create" if existing is None else "update"
        try:
            wanted = resolver.resolve(one.properties)
            if existing is None:
                self._create(one, wanted)
            elif existing.type != one.type or must_replace(one, existing.properties, wanted, self._engine.place):
                verb = "create"
                self._event(existing, "UPDATE_IN_PROGRESS", REPLACING)
                self._create(one, wanted)
            elif existing.properties != wanted:
                self._update(one, existing, wanted)
            else:
                self._state.records[one.logical_id] = self._policies(existing, one)
        except Exception as error:
            cause = error.__cause__ if isinstance(error, PartlyCreatedError) and error.__cause__ else error
            what = str(cause) if isinstance(cause, TemplateError) else f"{type(cause).__name__}: {cause}"
            if isinstance(cause, ValueError) and not isinstance(cause, TemplateError):  # a provider's refusal
                refused = f"{one.type} {self._state.name}/{one.logical_id}: {cause}"
                self._engine.store.refused.setdefault(self._state.name, []).append(refused)
            known = self._state.records.get(one.logical_id)
            physical_id = known.physical_id if known else ""
            self._state.add_event(one.logical_id, one.type, physical_id, f"{verb.upper()}_FAILED", what)
            self.failure = f"The following resource(s) failed to {verb}: [{one.logical_id}]. "
            raise ChangeError(f"{self._state.name}/{one.logical_id} ({one.type}): {what}") from error

    def _create(self, one: Planned, wanted: dict[str, Any]) -> None:
        self._engine.report(self._state, one.logical_id, f"creating {one.type}")
        self._state.add_event(one.logical_id, one.type, "", "CREATE_IN_PROGRESS")
        context = self._engine.context(self._state, one.logical_id, one.type)
        before = self._state.records.get(one.logical_id)
        arguments = self._arguments(one, wanted)
        if taken := one.provider.taken(context, arguments):
            raise TemplateError(f"Resource of type '{one.type}' with identifier '{taken}' already exists.")
        try:
            created = one.provider.create(context, arguments)
            if before and (before.type, before.physical_id) == (one.type, created.physical_id):
                raise TemplateError(f"{created.physical_id} is there already: a replacement needs another name")
        except PartlyCreatedError as error:
            self._created(one, error.created, wanted, before)
            self._state.records[one.logical_id].status = "CREATE_FAILED"
            raise
        self._event(self._created(one, created, wanted, before), "CREATE_COMPLETE")
        if before:
            self._replaced.append(before)

    def _created(self, one: Planned, created: Created, wanted: dict[str, Any], before: Record | None) -> Record:
        record = self._record(one, created, wanted)
        self._undo.append((one.logical_id, lambda: self._undo_create(record, before)))
        self._state.records[one.logical_id] = record
        return record

    def _undo_create(self, record: Record, before: Record | None) -> None:
        needed_by = self._needed_by(record.logical_id)
        if needed_by and before is None:
            raise ChangeError(f"stays, because {needed_by} could not be deleted and depends on it")
        if not record.retain_undone and not needed_by:
            self._delete(record)
        if before is None:
            del self._state.records[record.logical_id]
        else:
            self._state.records[record.logical_id] = before
        if needed_by:
            raise ChangeError(f"{record.physical_id} is no longer in the stack and stays: {needed_by} depends on it")

    def _needed_by(self, logical_id: str) -> str:
        """Return a resource that could not be deleted and depends on this one, directly or by others; "" if none."""
        return next((key for key in self._failed if logical_id in _needs(self._state.records, key)), "")

    def _update(self, one: Planned, existing: Record, wanted: dict[str, Any]) -> None:
        self._engine.report(self._state, one.logical_id, f"updating {one.type}")
        self._event(existing, "UPDATE_IN_PROGRESS")
        context = self._engine.context(self._state, one.logical_id, one.type)
        old, new = resolve_dynamic(existing.properties, self._engine.place), self._arguments(one, wanted)
        self._undo.append((one.logical_id, lambda: self._undo_update(one, existing, context, new, old)))
        updated = one.provider.update(context, existing.created, old, new)
        record = replace(self._record(one, updated, wanted), status="UPDATE_COMPLETE")
        self._state.records[one.logical_id] = record
        if updated.physical_id != existing.physical_id:
            self._replaced.append(existing)
        self._event(record, "UPDATE_COMPLETE")

    def _undo_update(
        self, one: Planned, existing: Record, context: Context, new: dict[str, Any], old: dict[str, Any]
    ) -> None:
        """Go back to the old settings; where the way there or back made another physical resource, delete it."""
        self._event(existing, "UPDATE_IN_PROGRESS")
        current = self._state.records[one.logical_id]
        restored = one.provider.update(context, current.created, new, old)
        record = replace(existing, physical_id=restored.physical_id, attributes=dict(restored.attributes))
        self._state.records[one.logical_id] = record
        if restored.physical_id != current.physical_id:
            self._delete(current)
        self._event(record, "UPDATE_COMPLETE")

    def undo(self) -> list[str]:
        """Undo the changes, the last first, and return what could not be undone, with the reasons."""
        failed = []
        for logical_id, step in reversed(self._undo):
            try:
                step()
            except Exception as error:
                self._engine.report(self._state, logical_id, f"rollback: {error}")
                failed.append(f"{logical_id}: {error}")
        self._undo, self._replaced = [], []
        return failed

    def keep(self) -> None:
        """Leave what was done, without what it replaced."""
        self.clean_up(set(self._state.records))
        self._undo = []

    def clean_up(self, wanted: set[str], *, last: bool = False) -> dict[str, str]:
        """Delete what was replaced and what the template no longer holds, dependents first.

        Return the logical ids that could not be deleted with the reasons. They leave the stack all the same, as in
        CloudFormation, unless it is the `last` clean-up, of a stack's deletion.
        """
        failed: dict[str, str] = {}
        for record in reversed(self._replaced):
            if not record.retain_replaced:
                self._try_delete(record, failed, snapshot=record.snapshot_replaced)
        for logical_id in _dependents_first(self._state.records):
            record = self._state.records[logical_id]
            if logical_id in wanted or (last and self._needed_by(logical_id)):
                continue
            if record.retain:
                self._event(record, "DELETE_SKIPPED")
            if record.retain or self._try_delete(record, failed, snapshot=record.snapshot) or not last:
                del self._state.records[logical_id]
        return failed

    def _try_delete(self, record: Record, failed: dict[str, str], *, snapshot: bool) -> bool:
        try:
            self._delete(record, snapshot=snapshot)
        except Exception as error:
            failed[record.logical_id] = str(error)
            self._engine.report(self._state, record.logical_id, f"could not delete {record.type}: {error}")
            return False
        return True

    def _delete(self, record: Record, *, snapshot: bool = False) -> None:
        self._engine.report(self._state, record.logical_id, f"deleting {record.type}")
        self._event(record, "DELETE_IN_PROGRESS")
        provider = provider_of(record.type, self._engine.place.region)
        if isinstance(provider, str):
            raise TemplateError(provider)
        context = self._engine.context(self._state, record.logical_id, record.type)
        try:
            if snapshot:
                take_snapshot(context, record)
            provider.delete(context, record.created, resolve_dynamic(record.properties, self._engine.place))
        except Exception as error:
            if not says_gone(error):
                self._event(record, "DELETE_FAILED", str(error))
                self._failed.add(record.logical_id)
                raise
        self._event(record, "DELETE_COMPLETE")

    def _arguments(self, one: Planned, wanted: dict[str, Any]) -> dict[str, Any]:
        """Return the properties with nothing left to resolve. Raises TemplateError where the schema forbids them."""
        found = property_problems({"Type": one.type}, wanted, self._engine.place.region)
        if found:
            raise TemplateError("; ".join(f"property {path} {what}" for path, what in found))
        return dict(resolve_dynamic(wanted, self._engine.place))

    def _record(self, one: Planned, created: Created, wanted: dict[str, Any]) -> Record:
        record = Record(
            logical_id=one.logical_id,
            type=one.type,
            mode=one.provider.mode,
            physical_id=created.physical_id,
            attributes=dict(created.attributes),
            properties=wanted,
            depends_on=[],
        )
        return self._policies(record, one)

    @staticmethod
    def _policies(record: Record, one: Planned) -> Record:
        policies = {name: getattr(one, name) for name in POLICIES}
        return replace(record, depends_on=list(one.depends_on), **policies)

    def _event(self, record: Record, status: str, reason: str = "") -> None:
        record.status, record.reason, record.changed_at = status, reason, now()
        self._state.add_event(record.logical_id, record.type, record.physical_id, status, reason)


def _needs(records: Mapping[str, Record], logical_id: str, known: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return what a resource depends on, directly or by others."""
    for needed in records[logical_id].depends_on if logical_id in records else ():
        if needed not in known:
            known = _needs(records, needed, known | {needed})
    return known


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
