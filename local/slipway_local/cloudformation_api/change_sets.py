"""Change sets: made, described, executed and deleted.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html
"""

import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from slipway_local.aws_json import ServiceError
from slipway_local.cloudformation_api.differences import changes
from slipway_local.cloudformation_api.errors import no_such_change_set, validation_error
from slipway_local.cloudformation_api.lifecycle import in_background, require_updatable
from slipway_local.cloudformation_api.submission import Submissions
from slipway_local.deploy.engine import Engine
from slipway_local.deploy.intrinsics import Resolver
from slipway_local.deploy.request import Prepared, StackRequest
from slipway_local.deploy.stack_state import NEW, StackState, now

Parameters = dict[str, Any]
Answer = dict[str, Any]
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass(kw_only=True)
class ChangeSet:
    """One change set; `prepared` is checked, and prepared anew when it is executed."""

    change_set_id: str
    name: str
    stack: StackState
    prepared: Prepared
    changes: list[Answer]
    status: str = "CREATE_COMPLETE"
    execution_status: str = "AVAILABLE"
    reason: str = ""
    created_at: str = field(default_factory=now)


class ChangeSets:
    """The change sets of this daemon; they do not outlive it."""

    def __init__(self, engine: Engine, submissions: Submissions) -> None:
        self._engine = engine
        self._submissions = submissions
        self._change_sets: dict[str, ChangeSet] = {}

    def create_change_set(self, parameters: Parameters) -> Answer:
        """Compare a template with the stack. Raises ServiceError for a template that cannot be deployed."""
        if parameters.get("ResourcesToImport"):
            raise validation_error("importing resources is not emulated")
        state = self._submissions.find(parameters["StackName"])
        kind = parameters.get("ChangeSetType", "UPDATE")
        if kind == "UPDATE" and (state is None or state.status in NEW):
            raise validation_error(f"Stack [{parameters['StackName']}] does not exist")
        if kind == "CREATE" and state is not None and state.status not in NEW:
            raise validation_error(f"Stack [{state.name}] already exists and cannot be created again")
        if kind == "UPDATE" and state is not None:
            require_updatable(state)
        prepared = self._engine.prepare(self._request(parameters))
        if prepared.state.status == "":
            prepared.state.tell("REVIEW_IN_PROGRESS", "User Initiated")
            self._engine.store.save(prepared.state)
        change_set = self._compared(parameters["ChangeSetName"], prepared)
        self._change_sets[change_set.change_set_id] = change_set
        return {"Id": change_set.change_set_id, "StackId": change_set.stack.stack_id}

    def _request(self, parameters: Parameters) -> StackRequest:
        on_failure = parameters.get("OnStackFailure", "ROLLBACK")
        return self._submissions.request({**parameters, "OnFailure": on_failure})

    def _compared(self, name: str, prepared: Prepared) -> ChangeSet:
        place, state = self._engine.place, prepared.state
        partial = Resolver(prepared.template, prepared.resolver.scope, state, partial=True)
        change_set = ChangeSet(
            change_set_id=place.arn("cloudformation", f"changeSet/{name}/{uuid.uuid4()}"),
            name=name,
            stack=state,
            prepared=prepared,
            changes=changes(prepared, partial, place),
        )
        if state.fingerprint == prepared.fingerprint:
            change_set.status, change_set.execution_status = "FAILED", "UNAVAILABLE"
            change_set.reason = NO_CHANGES
        return change_set

    def describe_change_set(self, parameters: Parameters) -> Answer:
        """Describe a change set."""
        found = self._find(parameters)
        request = found.prepared.request
        given = found.prepared.parameters
        return {
            **_summary(found),
            "Tags": request.settings.get("Tags", []),
            "Capabilities": request.settings.get("Capabilities", []),
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
            "Changes": found.changes,
            "OnStackFailure": request.on_failure,
        }

    def list_change_sets(self, parameters: Parameters) -> Answer:
        """List a stack's change sets."""
        state = self._submissions.stack(parameters["StackName"])
        return {"Summaries": [_summary(one) for one in self._change_sets.values() if one.stack is state]}

    def execute_change_set(self, parameters: Parameters) -> Answer:
        """Deploy what a change set holds, in the background."""
        found = self._find(parameters)
        if found.execution_status != "AVAILABLE":
            text = f"ChangeSet [{found.change_set_id}] cannot be executed in its current status of [{found.status}]"

            raise ServiceError("InvalidChangeSetStatus", text)
        request = found.prepared.request
        if parameters.get("DisableRollback"):
            request = replace(request, on_failure="DO_NOTHING")
        in_background(self._engine.start(request))
        for one in [one for one in self._change_sets.values() if one.stack is found.stack]:
            del self._change_sets[one.change_set_id]
        return {}

    def delete_change_set(self, parameters: Parameters) -> Answer:
        """Forget a change set; one that does not exist is no error where the stack does."""
        name, stack = parameters["ChangeSetName"], parameters.get("StackName")
        for found in [one for one in self._change_sets.values() if _is(one, name, stack)]:
            del self._change_sets[found.change_set_id]
        return {}

    def _find(self, parameters: Parameters) -> ChangeSet:
        name, stack = parameters["ChangeSetName"], parameters.get("StackName")
        for one in self._change_sets.values():
            if _is(one, name, stack):
                return one
        raise no_such_change_set(name)


def _is(one: ChangeSet, name: str, stack: str | None) -> bool:
    return name == one.change_set_id or (name == one.name and stack in (one.stack.name, one.stack.stack_id))


def _summary(one: ChangeSet) -> Answer:
    return {
        "ChangeSetId": one.change_set_id,
        "ChangeSetName": one.name,
        "StackId": one.stack.stack_id,
        "StackName": one.stack.name,
        "Status": one.status,
        "StatusReason": one.reason or None,
        "ExecutionStatus": one.execution_status,
        "CreationTime": one.created_at,
        "IncludeNestedStacks": False,
    }
