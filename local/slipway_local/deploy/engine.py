"""The engine: makes what a template asks for, in order; changes, replaces, deletes; and undoes it all when one fails.

moto's own CloudFormation skips types that it does not know, creates lazily and cannot roll back.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from slipway_local.aws import Place
from slipway_local.deploy import parameters
from slipway_local.deploy.change import Change
from slipway_local.deploy.intrinsics import NoResources, Resolver
from slipway_local.deploy.outputs import DeployError, keep_imported, outputs_of, way_out
from slipway_local.deploy.plan import RefusedError, plan
from slipway_local.deploy.providers.base import Context
from slipway_local.deploy.request import Prepared, StackRequest
from slipway_local.deploy.scope import Scope
from slipway_local.deploy.stack_state import NEW, StackState, StackStore, now
from slipway_local.deploy.templates import parse_template

Progress = Callable[[str, str, str], None]

DEAD = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")


class Engine:
    """Deploys and deletes stacks of one account and region. `services` goes to the providers as it is."""

    def __init__(
        self,
        place: Place,
        store: StackStore,
        services: Mapping[str, Any],
        progress: Progress = lambda stack, logical_id, what: None,
    ) -> None:
        self.place = place
        self.store = store
        self._services = {**services, "engine": self}
        self._progress = progress

    def prepare(self, request: StackRequest, *, early: bool = False) -> Prepared:
        """Return what would be deployed, checked against schemas; nothing is made or kept.

        `early` checks what can be known before the stacks that this one builds upon are deployed.
        Raises TemplateError; a RefusedError's resources are kept for `status` until the stack is prepared again.
        """
        state = self.store.load(request.name)
        if state is None:
            state = StackState(name=request.name, stack_id=self._stack_id(request.name))
        template = parse_template(request.template)
        declared = template.get("Parameters", {})
        given = parameters.effective(declared, request.parameters)
        values = parameters.resolved(declared, given, self.place, early=early)
        scope = Scope(
            place=self.place, stack_name=state.name, stack_id=state.stack_id,
            parameters=values, exports=self.store.exports(),
        )  # fmt: skip
        self.store.refused.pop(request.name, None)
        try:
            partial = Resolver(template, scope, NoResources(), partial=True)
            planned = plan(request.name, template, partial, self.place.region)
        except RefusedError as error:
            self.store.refused[request.name] = error.resources
            raise
        resolver = Resolver(template, scope, state)
        return Prepared(
            request=request, template=template, state=state, values=values, parameters=given, planned=planned,
            resolver=resolver,
        )  # fmt: skip

    def deploy(self, request: StackRequest) -> StackState:
        """Create or update a stack and return it; nothing that is unchanged is touched.

        Raises TemplateError before anything is made, DeployError after everything was undone.
        """
        return self.start(request)()

    def deploy_anew(self, request: StackRequest) -> StackState:
        """Deploy, after deleting what an earlier attempt left in a state that cannot be updated."""
        state = self.store.load(request.name)
        if state is not None and state.status in DEAD:
            self.delete(request.name)
        return self.deploy(request)

    def start(self, request: StackRequest) -> Callable[[], StackState]:
        """Check a request, set the stack's status and return the work that is left, which must be called.

        Raises TemplateError and StackInUseError; the work raises DeployError.
        """
        with self.store.claimed(request.name):
            prepared = self.prepare(request)
            state, verb = prepared.state, "CREATE" if prepared.state.status in NEW else "UPDATE"
            if state.fingerprint == prepared.fingerprint:
                return lambda: self._finish(request.name, lambda: state)
            self._begin(prepared, verb)
        return lambda: self._finish(request.name, lambda: self._execute(prepared, verb))

    def start_rollback(self, name: str) -> Callable[[], StackState]:
        """Return the work that takes a stack, whose creation or update was left failed, back to what it was."""
        with self.store.claimed(name):
            state = self.store.load(name) or StackState(name=name)
            if state.status == "CREATE_FAILED":
                return lambda: self._finish(name, lambda: self._empty(state, "ROLLBACK"))
            before = state.previous or asdict(state)
            request = StackRequest(name=name, **{key: before[key] for key in ("template", "parameters", "settings")})
            prepared = self.prepare(request)
            self._begin(prepared, "UPDATE_ROLLBACK")
        return lambda: self._finish(name, lambda: self._execute(prepared, "UPDATE_ROLLBACK"))

    def delete(self, name: str, retained: frozenset[str] = frozenset()) -> None:
        """Delete a stack's resources, the last made first; those with DeletionPolicy Retain, and `retained`, stay.

        Raises DeployError if termination protection or an import forbids it, or if a resource cannot be deleted: the
        stack is DELETE_FAILED then and keeps what is left.
        """
        if self.store.load(name) is not None:
            self.start_delete(name, retained)()

    def start_delete(self, name: str, retained: frozenset[str] = frozenset()) -> Callable[[], StackState]:
        """Set the stack's status and return the work that is left, as for `delete`."""
        with self.store.claimed(name):
            state = self.store.load(name) or StackState(name=name)
            if state.termination_protection:
                raise DeployError(f"Stack [{name}] cannot be deleted while TerminationProtection is enabled")
            keep_imported(self.store, state, {}, {})
        for logical_id in retained & set(state.records):
            state.records[logical_id].retain = True
        state.tell("DELETE_IN_PROGRESS", "User Initiated")
        return lambda: self._finish(name, lambda: self._empty(state, "DELETE"))

    def _finish(self, name: str, work: Callable[[], StackState]) -> StackState:
        try:
            return work()
        finally:
            self.store.release(name)

    def _begin(self, prepared: Prepared, verb: str) -> None:
        state = prepared.state
        state.of_assembly = state.of_assembly or prepared.request.of_assembly
        if verb != "CREATE":
            state.updated_at = now()
        state.tell(f"{verb}_IN_PROGRESS", "User Initiated")
        self.store.save(state)

    def _execute(self, prepared: Prepared, verb: str) -> StackState:
        state = prepared.state
        change = Change(self, state)
        try:
            for one in prepared.planned:
                change.apply(one, prepared.resolver)
            outputs, exports = outputs_of(prepared)
            keep_imported(self.store, state, exports, outputs)
        except Exception as error:
            change.failure = change.failure or str(error)  # of an output: no resource failed
            left = self._roll_back(prepared, change, verb)
            raise DeployError("\n".join([str(error), *left])) from error
        if verb != "CREATE":
            state.tell(f"{verb}_COMPLETE_CLEANUP_IN_PROGRESS")
        change.clean_up({one.logical_id for one in prepared.planned})
        state.outputs, state.exports = outputs, exports
        state.imports = sorted(prepared.resolver.imported)
        self._adopt(prepared)
        state.previous = {}
        state.tell(f"{verb}_COMPLETE")
        self.store.save(state)
        return state

    def _empty(self, state: StackState, verb: str) -> StackState:
        """Delete everything in a stack; DELETE also forgets it, ROLLBACK leaves it as ROLLBACK_COMPLETE."""
        failed = Change(self, state).clean_up(set(), last=True)
        if failed:
            state.tell(f"{verb}_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}]. ")
            self.store.save(state)
            lines = [f"{state.name}/{key} could not be deleted: {why}" for key, why in failed.items()]
            raise DeployError("\n".join([*lines, way_out(state)]))
        state.tell(f"{verb}_COMPLETE")
        if verb == "DELETE":
            state.deleted_at = now()
            self.store.remove(state.name)
        return state

    def context(self, state: StackState, logical_id: str, resource_type: str) -> Context:
        """Return what a provider needs to know."""
        return Context(
            place=self.place,
            stack_name=state.name,
            stack_id=state.stack_id,
            logical_id=logical_id,
            resource_type=resource_type,
            services=self._services,
        )

    def report(self, state: StackState, logical_id: str, what: str) -> None:
        """Tell the caller what is being done."""
        self._progress(state.name, logical_id, what)

    def _stack_id(self, name: str) -> str:
        return self.place.arn("cloudformation", f"stack/{name}/{uuid.uuid4()}")

    def _roll_back(self, prepared: Prepared, change: Change, verb: str) -> list[str]:
        """Undo what was done, where that is wanted, and return what could not be undone, with the way out."""
        state, on_failure = prepared.state, prepared.request.on_failure
        if verb == "UPDATE_ROLLBACK" or on_failure == "DO_NOTHING":
            self._leave_failed(prepared, change, verb)
            return []
        prefix = "" if verb == "CREATE" else "UPDATE_"
        state.tell(f"{prefix}ROLLBACK_IN_PROGRESS", change.failure)
        failed = change.undo()
        if verb == "UPDATE":
            state.tell("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        if failed:
            state.fingerprint = ""  # the template that was there is not there any more, whole
            state.tell(f"{prefix}ROLLBACK_FAILED", f"The following resource(s) failed: {'; '.join(failed)}")
        else:
            state.tell(f"{prefix}ROLLBACK_COMPLETE")
        self.store.save(state)
        if verb == "CREATE" and on_failure == "DELETE" and not failed:
            self.store.remove(state.name)
        return [*(f"{state.name}/{line}" for line in failed), *([way_out(state)] if failed else [])]

    def _leave_failed(self, prepared: Prepared, change: Change, verb: str) -> None:
        """Leave what was done as it is; a later update or rollback goes on from there."""
        state = prepared.state
        change.keep()
        if verb == "UPDATE" and not state.previous:
            state.previous = {key: getattr(state, key) for key in ("template", "parameters", "settings")}
        if verb != "UPDATE_ROLLBACK":
            self._adopt(prepared)
        state.fingerprint = ""
        state.tell(f"{verb}_FAILED", change.failure)
        self.store.save(state)

    @staticmethod
    def _adopt(prepared: Prepared) -> None:
        state = prepared.state
        state.template, state.parameters = prepared.request.template, dict(prepared.parameters)
        state.settings, state.fingerprint = dict(prepared.request.settings), prepared.fingerprint
