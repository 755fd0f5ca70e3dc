"""What a deployment answers: a stack's outputs, those that other stacks import by name, and how a failed one goes on.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
"""

from collections.abc import Mapping
from typing import Any

from slipway_local.deploy.intrinsics import Resolver, TemplateError
from slipway_local.deploy.plan import MALFORMED
from slipway_local.deploy.request import Prepared
from slipway_local.deploy.stack_state import StackState, StackStore


class DeployError(RuntimeError):
    """A deployment or deletion that failed; the message names stack, resource, type and cause."""


def outputs_of(prepared: Prepared) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the outputs' values, and of each export its output; called when all resources exist."""
    resolver, declared = prepared.resolver, prepared.template.get("Outputs", {})
    live = {key: o for key, o in declared.items() if "Condition" not in o or resolver.condition(o["Condition"])}
    values = {key: _text(f"{prepared.state.name}: output {key}", resolver, o["Value"]) for key, o in live.items()}
    exports = {str(resolver.resolve(o["Export"]["Name"])): key for key, o in live.items() if "Export" in o}
    return values, exports


def _text(place: str, resolver: Resolver, value: Any) -> Any:
    try:
        result = resolver.resolve(value)
    except TemplateError as error:
        raise DeployError(f"{place}: {error}") from error
    if not isinstance(result, str | int | float):
        raise DeployError(f"{place}: {MALFORMED}")
    return result


def keep_imported(store: StackStore, state: StackState, exports: Mapping[str, str], outputs: Mapping[str, Any]) -> None:
    """Raise DeployError if an export that another stack imports would vanish or change."""
    for export, output in state.exports.items():
        same = export in exports and outputs[exports[export]] == state.outputs[output]
        users = store.importers(export)
        if users and not same:
            text = f"Export {export} cannot be changed or deleted as it is in use by {', '.join(users)}"
            raise DeployError(text)


def way_out(state: StackState) -> str:
    """Return what to do about a stack with resources that cannot be deleted.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html
    """
    stuck = " ".join(key for key, record in state.records.items() if record.status == "DELETE_FAILED")
    if not stuck:
        return "deploy again to retry, once what stands in the way is mended"
    return (
        f"deploy again to retry, or give up what cannot be deleted: "
        f"aws cloudformation delete-stack --stack-name {state.name} --retain-resources {stuck}"
    )
