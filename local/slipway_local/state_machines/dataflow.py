"""What goes into a state and what comes out, in each of the two query languages.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html and
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

import json
from collections.abc import MutableMapping
from typing import Any, Protocol

from slipway_local.state_machines import expressions, json_path
from slipway_local.state_machines.errors import DATA_LIMIT, StatesError
from slipway_local.state_machines.json_path import Scope

MAXIMUM_BYTES = 256 * 1024
JsonObject = dict[str, Any]
Variables = MutableMapping[str, Any]


class Dataflow(Protocol):
    """The data of one visit to a state; `input` is what its work sees, `context` the context object."""

    input: Any
    context: JsonObject

    def render(self, template: Any, field: str) -> Any:
        """Return a template's value on the state's input."""
        ...

    def value(self, block: JsonObject, field: str) -> Any:
        """Return a field that is constant or computed; None if it is not there."""
        ...

    def arguments(self) -> Any:
        """Return what the work is given."""
        ...

    def finish(self, result: Any) -> Any:
        """Assign variables from the result of the work and return the state's output."""
        ...

    def through(self, block: JsonObject) -> Any:
        """Assign variables and return the output of a state or choice without a result of its own."""
        ...

    def caught(self, catcher: JsonObject, error: StatesError) -> Any:
        """Assign a catcher's variables and return its output."""
        ...


def checked(value: Any, what: str) -> Any:
    """Return a value that is no larger than Step Functions lets through. Raises StatesError."""
    if len(json.dumps(value).encode()) > MAXIMUM_BYTES:
        raise StatesError(DATA_LIMIT, f"{what} exceeds the maximum number of bytes service limit ({MAXIMUM_BYTES})")
    return value


class PathDataflow:
    """InputPath, Parameters, ResultSelector, ResultPath and OutputPath."""

    def __init__(self, state: JsonObject, raw: Any, context: JsonObject, variables: Variables) -> None:
        self._state, self._raw, self.context, self._variables = state, raw, context, variables
        self.input = self._select("InputPath", raw)

    def _scope(self, document: Any) -> Scope:
        return Scope(document, self.context, self._variables)

    def _select(self, field: str, document: Any) -> Any:
        path = self._state.get(field, "$")
        return {} if path is None else json_path.read(path, self._scope(document), field)

    def render(self, template: Any, field: str) -> Any:
        """Return a payload template's value."""
        return json_path.render(template, self._scope(self.input))

    def value(self, block: JsonObject, field: str) -> Any:
        """Return `field`, or what `fieldPath` points to."""
        if f"{field}Path" in block:
            return json_path.resolve(block[f"{field}Path"], self._scope(self.input), f"{field}Path")
        return block.get(field)

    def arguments(self) -> Any:
        """Return Parameters, or the input."""
        return self.render(self._state["Parameters"], "Parameters") if "Parameters" in self._state else self.input

    def finish(self, result: Any) -> Any:
        """Apply Assign, ResultSelector, ResultPath and OutputPath."""
        assigned = json_path.render(self._state.get("Assign", {}), self._scope(result))
        if "ResultSelector" in self._state:
            result = json_path.render(self._state["ResultSelector"], self._scope(result))
        output = json_path.place(self._state.get("ResultPath", "$"), self._raw, result)
        output = self._select("OutputPath", output)
        self._variables.update(assigned)
        return output

    def through(self, block: JsonObject) -> Any:
        """Apply Assign and OutputPath to the input."""
        assigned = json_path.render(block.get("Assign", {}), self._scope(self.input))
        output = self._select("OutputPath", self.input)
        self._variables.update(assigned)
        return output

    def caught(self, catcher: JsonObject, error: StatesError) -> Any:
        """Apply the catcher's Assign and ResultPath."""
        self._variables.update(json_path.render(catcher.get("Assign", {}), self._scope(error.output())))
        return json_path.place(catcher.get("ResultPath", "$"), self._raw, error.output())


class ExpressionDataflow:
    """Arguments, Assign and Output, with `$states`."""

    def __init__(self, state: JsonObject, raw: Any, context: JsonObject, variables: Variables) -> None:
        self._state, self.input, self.context, self._variables = state, raw, context, variables

    def _render(self, template: Any, field: str, **states: Any) -> Any:
        bound = {"input": self.input, "context": self.context, **states}
        return expressions.render(template, {**self._variables, "states": bound}, field)

    def render(self, template: Any, field: str) -> Any:
        """Return a template's value."""
        return self._render(template, field)

    def value(self, block: JsonObject, field: str) -> Any:
        """Return the field's value."""
        return self._render(block[field], field) if field in block else None

    def arguments(self) -> Any:
        """Return Arguments, or the input."""
        return self.value(self._state, "Arguments") if "Arguments" in self._state else self.input

    def _leave(self, block: JsonObject, default: Any, **states: Any) -> Any:
        assigned = self._render(block.get("Assign", {}), "Assign", **states)
        output = self._render(block["Output"], "Output", **states) if "Output" in block else default
        self._variables.update(assigned)
        return output

    def finish(self, result: Any) -> Any:
        """Apply Assign and Output with `$states.result`."""
        return self._leave(self._state, result, result=result)

    def through(self, block: JsonObject) -> Any:
        """Apply Assign and Output."""
        return self._leave(block, self.input)

    def caught(self, catcher: JsonObject, error: StatesError) -> Any:
        """Apply Assign and Output with `$states.errorOutput`."""
        return self._leave(catcher, error.output(), errorOutput=error.output())
