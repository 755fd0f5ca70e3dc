"""The operations that change stacks without a change set. Each answers at once; the work goes on in a thread."""

import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

from slipway_local.aws_json import ServiceError
from slipway_local.cloudformation_api.errors import validation_error
from slipway_local.cloudformation_api.submission import Submissions
from slipway_local.deploy.engine import Engine
from slipway_local.deploy.outputs import DeployError
from slipway_local.deploy.stack_state import NEW, StackState

Parameters = dict[str, Any]
Answer = dict[str, Any]
UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED", "CREATE_FAILED")


class Lifecycle:
    """CreateStack, UpdateStack, DeleteStack, termination protection."""

    def __init__(self, engine: Engine, submissions: Submissions) -> None:
        self._engine = engine
        self._submissions = submissions

    def create_stack(self, parameters: Parameters) -> Answer:
        """Create a stack. Raises ServiceError AlreadyExistsException."""
        known = self._submissions.find(parameters["StackName"])
        if known is not None and known.status not in NEW:
            raise ServiceError("AlreadyExistsException", f"Stack [{known.name}] already exists")
        request = self._submissions.request(parameters)
        in_background(self._engine.start(request))
        state = self._submissions.stack(request.name)
        state.termination_protection = parameters.get("EnableTerminationProtection", False)
        return {"StackId": state.stack_id}

    def update_stack(self, parameters: Parameters) -> Answer:
        """Update a stack; what is not given stays. Raises ServiceError if nothing would change."""
        state = self._submissions.stack(parameters["StackName"])
        require_updatable(state)
        request = self._submissions.request(parameters)
        if self._engine.prepare(request).fingerprint == state.fingerprint:
            raise validation_error("No updates are to be performed.")
        in_background(self._engine.start(request))
        return {"StackId": state.stack_id}

    def delete_stack(self, parameters: Parameters) -> Answer:
        """Delete a stack; one that does not exist is no error."""
        state = self._submissions.find(parameters["StackName"])
        if state is None:
            return {}
        in_background(self._engine.start_delete(state.name, frozenset(parameters.get("RetainResources", []))))
        return {}

    def rollback_stack(self, parameters: Parameters) -> Answer:
        """Take a stack that was left failed back to what it was before."""
        return self._roll_back(parameters, ("CREATE_FAILED", "UPDATE_FAILED"))

    def continue_update_rollback(self, parameters: Parameters) -> Answer:
        """Try again to roll back an update."""
        return self._roll_back(parameters, ("UPDATE_ROLLBACK_FAILED",))

    def _roll_back(self, parameters: Parameters, statuses: tuple[str, ...]) -> Answer:
        state = self._submissions.stack(parameters["StackName"])
        if state.status not in statuses:
            raise validation_error(f"Stack:{state.stack_id} is in {state.status} state and can not be rolled back.")
        in_background(self._engine.start_rollback(state.name))
        return {"StackId": state.stack_id}

    def update_termination_protection(self, parameters: Parameters) -> Answer:
        """Switch termination protection on or off."""
        state = self._submissions.stack(parameters["StackName"])
        state.termination_protection = parameters["EnableTerminationProtection"]
        self._engine.store.save(state)
        return {"StackId": state.stack_id}


def require_updatable(state: StackState) -> None:
    """Raise ServiceException unless the stack's status allows an update."""
    if state.status not in UPDATABLE:
        raise validation_error(f"Stack:{state.stack_id} is in {state.status} state and can not be updated.")


def in_background(work: Callable[[], Any]) -> None:
    """Run in a thread; a failed deployment is in the stack's events, anything else goes to the daemon's log."""

    def run() -> None:
        try:
            work()
        except DeployError as error:
            sys.stderr.write(f"{error}\n")
        except Exception:
            traceback.print_exc()

    threading.Thread(target=run, daemon=True).start()
