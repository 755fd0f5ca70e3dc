"""What CreateStack, UpdateStack and CreateChangeSet have in common: from the request to what the engine takes."""

from typing import Any
from urllib.parse import unquote, urlsplit

from slipway_local.cloudformation_api.errors import no_such_stack, validation_error
from slipway_local.deploy.engine import Engine
from slipway_local.deploy.request import StackRequest
from slipway_local.deploy.stack_state import StackState
from slipway_local.deploy.templates import parse_template

KEPT = ("Capabilities", "Description", "NotificationARNs", "RoleARN", "DisableRollback", "TimeoutInMinutes")


class Submissions:
    """Reads templates, parameters and tags."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def stack(self, name: str, *, deleted: bool = False) -> StackState:
        """Return a stack by name or id, also a deleted one by its id. Raises ServiceError if there is none."""
        for state in self._engine.store.all():
            if name in (state.name, state.stack_id):
                return state
        for state in self._engine.store.deleted if deleted else ():
            if name == state.stack_id:
                return state
        raise no_such_stack(name)

    def find(self, name: str) -> StackState | None:
        """Return a stack by name or id, or None."""
        known = self._engine.store.all()
        return next((state for state in known if name in (state.name, state.stack_id)), None)

    def template(self, parameters: dict[str, Any]) -> str:
        """Return the template's text from TemplateBody, TemplateURL or the stack as it is."""
        if "TemplateBody" in parameters:
            return str(parameters["TemplateBody"])
        if "TemplateURL" in parameters:
            return self._download(parameters["TemplateURL"])
        if parameters.get("UsePreviousTemplate"):
            return self.stack(parameters["StackName"]).template
        raise validation_error("Either Template URL or Template Body must be specified.")

    def request(self, parameters: dict[str, Any]) -> StackRequest:
        """Return what the engine is to deploy."""
        state = self.find(parameters["StackName"])
        given = {
            one["ParameterKey"]: self._previous(state, one) if one.get("UsePreviousValue") else one["ParameterValue"]
            for one in parameters.get("Parameters", [])
        }
        settings = {key: parameters[key] for key in KEPT if key in parameters}
        text = self.template(parameters)
        settings.setdefault("Description", str(parse_template(text).get("Description", "")))
        tags = parameters.get("Tags", state.settings.get("Tags", []) if state else [])
        on_failure = "DO_NOTHING" if parameters.get("DisableRollback") else parameters.get("OnFailure", "ROLLBACK")
        return StackRequest(
            name=state.name if state else parameters["StackName"],
            template=text,
            parameters=given,
            settings={**settings, "Tags": sorted(tags, key=lambda tag: str(tag["Key"]))},
            on_failure=on_failure,
        )

    @staticmethod
    def _previous(state: StackState | None, one: dict[str, Any]) -> str:
        if state is None or one["ParameterKey"] not in state.parameters:
            raise validation_error(f"Invalid input for parameter key {one['ParameterKey']}. No previous value.")
        return state.parameters[one["ParameterKey"]]

    def _download(self, url: str) -> str:
        parts = urlsplit(url)
        key = unquote(parts.path.lstrip("/"))
        host = (parts.hostname or "").split(".")
        if host[0] in ("s3", "localhost") or host[0].startswith("s3-") or host[0].isdigit():
            bucket, _, key = key.partition("/")
        else:
            bucket = host[0]
        client = self._engine.place.client("s3")
        try:
            return str(client.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
        except client.exceptions.ClientError as error:
            raise validation_error(f"S3 error: {error}") from None
