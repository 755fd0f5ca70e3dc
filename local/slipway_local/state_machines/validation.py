"""What is wrong with a definition, and where: refused when the state machine is created.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

import json
from collections.abc import Iterator
from typing import Any

from slipway_local.state_machines import choice, expressions
from slipway_local.state_machines.fields import (
    CATCH_FIELDS,
    COMMON,
    DISTRIBUTED,
    FIELDS,
    JSONATA_ONLY,
    PATH_ONLY,
    REQUIRED,
    RETRY_FIELDS,
    TOLERATED,
)
from slipway_local.state_machines.integrations import SERVICE
from slipway_local.state_machines.tasks import ACTIVITY, FUNCTION
from slipway_local.state_machines.template_validation import Problem, schema, templates

JsonObject = dict[str, Any]
MAXIMUM_NAME = 80
# Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
JOBLESS = ("aws-sdk", "dynamodb", "events", "lambda", "sns", "sqs")
MOST = 99_999_999


def problems(text: str, machine_type: str = "STANDARD") -> list[Problem]:
    """Return what is wrong with a definition: code, message, location."""
    try:
        definition = json.loads(text)
    except ValueError as error:
        return [("INVALID_JSON_DESCRIPTION", f"Definition is not valid JSON: {error}", "/")]
    if not isinstance(definition, dict):
        return [("INVALID_JSON_DESCRIPTION", "Definition is not a JSON object", "/")]
    found = list(_Checker(machine_type).block(definition, "", definition.get("QueryLanguage", "JSONPath")))
    return [*_whole_number(definition, "TimeoutSeconds", "", 1), *found]


class _Checker:
    def __init__(self, machine_type: str) -> None:
        self._express = machine_type == "EXPRESS"
        self._names: set[str] = set()

    def block(self, block: JsonObject, at: str, language: str) -> Iterator[Problem]:
        """Check a machine, branch or item processor."""
        language = block.get("QueryLanguage", language)
        if language not in ("JSONPath", "JSONata"):
            yield schema(f"QueryLanguage is {language!r}, not JSONPath or JSONata", f"{at}/QueryLanguage")
            return
        states = block.get("States")
        if not isinstance(states, dict) or not states:
            yield schema("The field 'States' is required and has at least one state", f"{at}/States")
            return
        if block.get("StartAt") not in states:
            yield _target("StartAt", block.get("StartAt"), f"{at}/StartAt")
        reached = {block.get("StartAt")}
        for name, state in states.items():
            where = f"{at}/States/{name}"
            if not isinstance(state, dict):
                yield schema("A state is an object", where)
                continue
            if name in self._names:
                yield "DUPLICATE_STATE_NAME", f"Duplicate State name: {name}", where
            if len(name) > MAXIMUM_NAME:
                yield schema(f"The name of a state has at most {MAXIMUM_NAME} characters", where)
            self._names.add(name)
            try:
                found = list(self._state(state, where, state.get("QueryLanguage", language)))
                targets = list(_targets(state, where))
            except (AttributeError, TypeError, KeyError) as error:
                yield schema(f"A field has the wrong form: {error}", where)
                return
            yield from found
            for target, place in targets:
                reached.add(target)
                if target not in states:
                    yield _target(place.rsplit("/", 1)[-1], target, place)
        for name in states:
            if name not in reached and block.get("StartAt") in states:
                yield "MISSING_TRANSITION_TARGET", f'State "{name}" is not reachable.', f"{at}/States/{name}"

    def _state(self, state: JsonObject, at: str, language: str) -> Iterator[Problem]:
        kind = state.get("Type")
        if kind not in FIELDS:
            yield schema(f"Value {kind!r} is not one of the types {', '.join(FIELDS)}", f"{at}/Type")
            return
        wrong_language = PATH_ONLY if language == "JSONata" else JSONATA_ONLY
        paths = {f for f in state if f.endswith("Path")} if language == "JSONata" else set()
        for field in state:
            if field not in FIELDS[kind] | COMMON or field in wrong_language | paths:
                yield schema(f"Field '{field}' is not supported in a {kind} state ({language})", f"{at}/{field}")
        for field in REQUIRED.get(kind, []):
            if field not in state:
                yield schema(f"The field '{field}' is required", at)
        if "Next" in FIELDS[kind] and ("Next" in state) == (state.get("End") is True):
            yield schema("A state has either 'Next' or 'End': true", at)
        yield from self._handlers(state, at)
        yield from templates(state, at, language)
        yield from getattr(self, f"_{kind.lower()}", self._nothing)(state, at, language)

    @staticmethod
    def _nothing(state: JsonObject, at: str, language: str) -> Iterator[Problem]:
        yield from ()

    @staticmethod
    def _handlers(state: JsonObject, at: str) -> Iterator[Problem]:
        for name, fields in (("Retry", RETRY_FIELDS), ("Catch", CATCH_FIELDS)):
            handlers = state.get(name, [])
            for index, handler in enumerate(handlers):
                where = f"{at}/{name}[{index}]"
                for field in set(handler) - fields:
                    yield schema(f"Field '{field}' is not supported in {name}", f"{where}/{field}")
                errors = handler.get("ErrorEquals")
                if not errors:
                    yield schema("The field 'ErrorEquals' is required and not empty", where)
                elif "States.ALL" in errors and (len(errors) > 1 or index < len(handlers) - 1):
                    yield schema("States.ALL must appear alone and in the last one", f"{where}/ErrorEquals")
                if name == "Catch" and "Next" not in handler:
                    yield schema("The field 'Next' is required", where)
                yield from _whole_number(handler, "IntervalSeconds", where, 1)
                yield from _whole_number(handler, "MaxAttempts", where, 0)
                rate = handler.get("BackoffRate", 1)
                if type(rate) not in (int, float) or rate < 1:
                    yield schema(f"BackoffRate is {rate!r}, not a number of at least 1", f"{where}/BackoffRate")

    def _task(self, state: JsonObject, at: str, language: str) -> Iterator[Problem]:
        arn = str(state.get("Resource", ""))
        service = SERVICE.fullmatch(arn)
        if arn and not (service or FUNCTION.fullmatch(arn) or ACTIVITY.fullmatch(arn)):
            yield schema(f"The resource provided {arn} is not recognized", f"{at}/Resource")
        if service and service[4] and self._express:
            message = f"Express state machines do not support '.{service[4]}' service integrations"
            yield schema(message, f"{at}/Resource")
        if service and service[1] in JOBLESS and (service[4] or "").startswith("sync"):
            yield schema(f"The resource provided {arn} is not recognized: it runs no job to wait for", f"{at}/Resource")
        limits = ("HeartbeatSeconds", "TimeoutSeconds")
        for field in limits:
            yield from _whole_number(state, field, at, 1)
        heartbeat, timeout = (state.get(field) for field in limits)
        if type(heartbeat) is int and type(timeout) is int and heartbeat >= timeout:
            yield schema("HeartbeatSeconds is less than TimeoutSeconds", f"{at}/HeartbeatSeconds")

    @staticmethod
    def _wait(state: JsonObject, at: str, language: str) -> Iterator[Problem]:
        if len({"Seconds", "SecondsPath", "Timestamp", "TimestampPath"} & set(state)) != 1:
            yield schema("A Wait state has exactly one of Seconds, SecondsPath, Timestamp, TimestampPath", at)
        yield from _whole_number(state, "Seconds", at, 0)

    @staticmethod
    def _choice(state: JsonObject, at: str, language: str) -> Iterator[Problem]:
        if not state.get("Choices"):
            yield schema("The field 'Choices' is required and not empty", f"{at}/Choices")
        for index, rule in enumerate(state.get("Choices", [])):
            where = f"{at}/Choices[{index}]"
            if "Next" not in rule:
                yield schema("The field 'Next' is required", where)
            if language == "JSONata":
                if "Condition" not in rule:
                    yield schema("The field 'Condition' is required", where)
            else:
                yield from _rule(rule, where)

    def _parallel(self, state: JsonObject, at: str, language: str) -> Iterator[Problem]:
        for index, branch in enumerate(state.get("Branches", [])):
            yield from self.block(branch, f"{at}/Branches[{index}]", language)

    def _map(self, state: JsonObject, at: str, language: str) -> Iterator[Problem]:
        names = [name for name in ("ItemProcessor", "Iterator") if name in state]
        if len(names) != 1:
            yield schema("The field 'ItemProcessor' is required", at)
            return
        processor = state[names[0]]
        mode = processor.get("ProcessorConfig", {}).get("Mode", "INLINE")
        if mode == "DISTRIBUTED":
            if processor["ProcessorConfig"].get("ExecutionType") not in ("STANDARD", "EXPRESS"):
                yield schema("ExecutionType is STANDARD or EXPRESS", f"{at}/{names[0]}/ProcessorConfig/ExecutionType")
            if self._express:
                yield schema("Express state machines have no distributed Map", f"{at}/{names[0]}/ProcessorConfig/Mode")
            yield from _reader(state.get("ItemReader"), f"{at}/ItemReader")
            own = _Checker(processor["ProcessorConfig"].get("ExecutionType", "STANDARD"))
            yield from own.block(processor, f"{at}/{names[0]}", language)
            return
        for field in (DISTRIBUTED | TOLERATED) & set(state):
            yield schema(f"Field '{field}' needs a Map in DISTRIBUTED mode", f"{at}/{field}")
        yield from self.block(processor, f"{at}/{names[0]}", language)


def _whole_number(block: JsonObject, field: str, at: str, least: int) -> Iterator[Problem]:
    """Check a number that is no expression.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html, its neighbours state-wait.html and
    concepts-error-handling.html
    """
    value = block.get(field, least)
    if not expressions.is_expression(value) and (type(value) is not int or not least <= value <= MOST):
        yield schema(f"{field} is {value!r}, not an integer from {least} to {MOST}", f"{at}/{field}")


def _target(field: str, target: Any, at: str) -> Problem:
    return "MISSING_TRANSITION_TARGET", f"Missing '{field}' target: {target}", at


def _targets(state: JsonObject, at: str) -> Iterator[tuple[Any, str]]:
    for field in ("Next", "Default"):
        if field in state:
            yield state[field], f"{at}/{field}"
    for name in ("Choices", "Catch"):
        for index, entry in enumerate(state.get(name, [])):
            if "Next" in entry:
                yield entry["Next"], f"{at}/{name}[{index}]/Next"


def _rule(rule: JsonObject, at: str) -> Iterator[Problem]:
    for name in ("And", "Or"):
        for index, inner in enumerate(rule.get(name, [])):
            yield from _rule(inner, f"{at}/{name}[{index}]")
    if "Not" in rule:
        yield from _rule(rule["Not"], f"{at}/Not")
    elif not {"And", "Or"} & set(rule) and ("Variable" not in rule or choice.operator_of(rule) is None):
        yield schema("A choice rule has a 'Variable' and exactly one comparison", at)


def _reader(reader: JsonObject | None, at: str) -> Iterator[Problem]:
    if reader is None:
        return
    if not str(reader.get("Resource", "")).endswith((":s3:getObject", ":s3:listObjectsV2")):
        yield schema("The resource of an ItemReader is s3:getObject or s3:listObjectsV2", f"{at}/Resource")
        return
    settings = reader.get("ReaderConfig", {})
    kind = settings.get("InputType")
    if reader["Resource"].endswith("getObject") and kind not in ("CSV", "JSON", "JSONL", "MANIFEST"):
        yield schema(f"InputType {kind!r} is not emulated: CSV, JSON, JSONL, MANIFEST", f"{at}/ReaderConfig/InputType")
    for field in set(settings) & {"Transformation", "ManifestType"}:
        if settings[field] not in ("NONE", "S3_INVENTORY"):
            yield schema(f"{field} {settings[field]} is not emulated", f"{at}/ReaderConfig/{field}")
