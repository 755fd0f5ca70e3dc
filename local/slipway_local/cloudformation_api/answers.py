"""The operations that only read: stacks, their resources, events, templates and exports."""

import json
from typing import Any

from slipway_local.cloudformation_api.errors import validation_error
from slipway_local.cloudformation_api.submission import Submissions
from slipway_local.deploy.engine import Engine
from slipway_local.deploy.stack_state import Record, StackState
from slipway_local.deploy.templates import parse_template

Parameters = dict[str, Any]
Answer = dict[str, Any]


class Answers:
    """Everything is in one page: no answer carries a NextToken."""

    def __init__(self, engine: Engine, submissions: Submissions) -> None:
        self._store = engine.store
        self._submissions = submissions

    def describe_stacks(self, parameters: Parameters) -> Answer:
        """Describe one stack, or all."""
        if "StackName" in parameters:
            found = [self._submissions.stack(parameters["StackName"], deleted=True)]
        else:
            found = self._store.all()
        return {"Stacks": [_stack(state) for state in found]}

    def list_stacks(self, parameters: Parameters) -> Answer:
        """List stacks, the deleted ones too, by status."""
        wanted = parameters.get("StackStatusFilter")
        every = [*self._store.all(), *self._store.deleted]
        return {"StackSummaries": [_stack(state) for state in every if not wanted or state.status in wanted]}

    def describe_stack_events(self, parameters: Parameters) -> Answer:
        """Return a stack's events, the latest first."""
        state = self._submissions.stack(parameters["StackName"], deleted=True)
        common = {"StackId": state.stack_id, "StackName": state.name}
        return {"StackEvents": [{**common, **event} for event in reversed(state.events)]}

    def describe_events(self, parameters: Parameters) -> Answer:
        """Return a stack's events; with FailedEvents only those that tell of a failure."""
        only_failed = parameters.get("Filters", {}).get("FailedEvents", False)
        events = self.describe_stack_events({"StackName": parameters["StackName"]})["StackEvents"]
        kept = [event for event in events if not only_failed or event["ResourceStatus"].endswith("_FAILED")]
        return {"OperationEvents": [{**event, "EventType": "STACK_EVENT"} for event in kept]}

    def describe_stack_resource(self, parameters: Parameters) -> Answer:
        """Describe one resource."""
        state = self._submissions.stack(parameters["StackName"])
        name = parameters["LogicalResourceId"]
        if name not in state.records:
            raise validation_error(f"Resource {name} does not exist for stack {state.name}")
        return {"StackResourceDetail": _resource(state, state.records[name])}

    def describe_stack_resources(self, parameters: Parameters) -> Answer:
        """Describe a stack's resources, or one of them."""
        state = self._submissions.stack(parameters["StackName"])
        wanted = parameters.get("LogicalResourceId")
        found = [record for key, record in state.records.items() if wanted in (None, key)]
        return {"StackResources": [_resource(state, record) for record in found]}

    def list_stack_resources(self, parameters: Parameters) -> Answer:
        """List a stack's resources."""
        state = self._submissions.stack(parameters["StackName"])
        return {"StackResourceSummaries": [_resource(state, record) for record in state.records.values()]}

    def get_template(self, parameters: Parameters) -> Answer:
        """Return the template as it was submitted."""
        state = self._submissions.stack(parameters["StackName"], deleted=True)
        return {"TemplateBody": state.template or "{}", "StagesAvailable": ["Original", "Processed"]}

    def get_template_summary(self, parameters: Parameters) -> Answer:
        """Return a template's parameters, description and resource types."""
        if "TemplateBody" not in parameters and "TemplateURL" not in parameters:
            parameters = {**parameters, "UsePreviousTemplate": True}
        template = parse_template(self._submissions.template(parameters))
        types = [body["Type"] for body in template["Resources"].values()]
        return {**_declared(template), "ResourceTypes": sorted(set(types)), "Metadata": _text(template, "Metadata")}

    def validate_template(self, parameters: Parameters) -> Answer:
        """Parse a template and return its parameters."""
        return _declared(parse_template(self._submissions.template(parameters)))

    def list_exports(self, parameters: Parameters) -> Answer:
        """List the exports of all stacks."""
        rows = [(state, name, key) for state in self._store.all() for name, key in state.exports.items()]
        exports = [{"ExportingStackId": s.stack_id, "Name": name, "Value": s.outputs[key]} for s, name, key in rows]
        return {"Exports": exports}

    def list_imports(self, parameters: Parameters) -> Answer:
        """List the stacks that import an export."""
        return {"Imports": self._store.importers(parameters["ExportName"])}

    def get_stack_policy(self, parameters: Parameters) -> Answer:
        """Return no policy: SetStackPolicy is not emulated."""
        self._submissions.stack(parameters["StackName"])
        return {}


def _stack(state: StackState) -> Answer:
    declared = parse_template(state.template).get("Parameters", {}) if state.template else {}
    hidden = {name for name, rules in declared.items() if str(rules.get("NoEcho", False)).lower() == "true"}
    names = {key: name for name, key in state.exports.items()}
    outputs = [
        {"OutputKey": key, "OutputValue": value, **({"ExportName": names[key]} if key in names else {})}
        for key, value in state.outputs.items()
    ]
    answer = {
        **state.settings,
        "StackId": state.stack_id,
        "StackName": state.name,
        "StackStatus": state.status,
        "CreationTime": state.created_at,
        "LastUpdatedTime": state.updated_at or None,
        "DeletionTime": state.deleted_at or None,
        "EnableTerminationProtection": state.termination_protection,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "Outputs": outputs,
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": "****" if name in hidden else value}
            for name, value in state.parameters.items()
        ],
    }
    return answer | ({"StackStatusReason": state.reason} if state.reason else {})


def _resource(state: StackState, record: Record) -> Answer:
    return {
        "StackId": state.stack_id,
        "StackName": state.name,
        "LogicalResourceId": record.logical_id,
        "PhysicalResourceId": record.physical_id,
        "ResourceType": record.type,
        "ResourceStatus": record.status,
        "ResourceStatusReason": record.reason or None,
        "Timestamp": record.changed_at,
        "LastUpdatedTimestamp": record.changed_at,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }


def _declared(template: dict[str, Any]) -> Answer:
    declared = [
        {
            "ParameterKey": name,
            "ParameterType": rules["Type"],
            "DefaultValue": None if "Default" not in rules else str(rules["Default"]),
            "NoEcho": str(rules.get("NoEcho", False)).lower() == "true",
            "Description": rules.get("Description"),
        }
        for name, rules in template.get("Parameters", {}).items()
    ]
    needs_iam = any(str(body["Type"]).startswith("AWS::IAM::") for body in template["Resources"].values())
    return {
        "Parameters": declared,
        "Description": template.get("Description", ""),
        "Capabilities": ["CAPABILITY_NAMED_IAM"] if needs_iam else [],
    }


def _text(template: dict[str, Any], section: str) -> str | None:
    return json.dumps(template[section]) if section in template else None
