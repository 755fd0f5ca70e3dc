"""Tools of a conversation: what `toolConfig` may say, and the call that a model answers with.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any, NamedTuple

from ..aws_json import JsonObject, validation_error

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# "Only supported by Anthropic Claude 3 and Amazon Nova models", and their successors.
_CAN_BE_MADE_TO_CALL = ("anthropic.", "amazon.nova")


class Tool(NamedTuple):
    """One tool: its name, what it says of itself, and the JSON schema of its input."""

    name: str
    description: str
    schema: JsonObject


class ToolUse(NamedTuple):
    """A model's wish to call a tool."""

    id: str
    name: str
    input: Any

    @property
    def block(self) -> JsonObject:
        """The content block of the answer."""
        return {"toolUse": {"toolUseId": self.id, "name": self.name, "input": self.input}}


class Tools(NamedTuple):
    """The tools of a request. `choice`: auto, any, or tool, then `forced` is its name."""

    offered: tuple[Tool, ...] = ()
    choice: str = "auto"
    forced: str = ""

    @property
    def demanded(self) -> Tool | None:
        """The tool that must be called: the named one, of any the first, or None where the model decides."""
        if self.choice == "auto" or not self.offered:
            return None
        return next((tool for tool in self.offered if tool.name == self.forced), self.offered[0])


NO_TOOLS = Tools()


def new_id() -> str:
    """Return an id as Bedrock gives them to calls of tools."""
    return f"tooluse_{secrets.token_urlsafe(16)}"


def parse(config: Any, model: str) -> Tools:
    """Return the tools of a request to a model. Raises: ServiceError for what Bedrock refuses."""
    if config is None:
        return NO_TOOLS
    given = [tool for tool in config.get("tools") or [] if "cachePoint" not in tool]
    if not given:
        raise validation_error("Value at 'toolConfig.tools' failed to satisfy constraint: Member must not be empty")
    offered = tuple(_tool(tool, f"toolConfig.tools.{index}") for index, tool in enumerate(given))
    names = [tool.name for tool in offered]
    if len(set(names)) < len(names):
        raise validation_error("The toolConfig.tools field holds two tools of one name. Tool names must be unique.")
    return _chosen(config.get("toolChoice") or {"auto": {}}, offered, model)


def told(content: list[JsonObject], before: JsonObject | None, index: int) -> list[JsonObject]:
    """Return a message's content with calls of tools and their results as text, which is how models here read them.

    Raises: ServiceError for a result of a call that the message before did not make.
    """
    made = {block["toolUse"]["toolUseId"] for block in (before or {}).get("content", []) if "toolUse" in block}
    blocks: list[JsonObject] = []
    for block in content:
        if "toolResult" in block and block["toolResult"]["toolUseId"] not in made:
            raise validation_error(
                f"The number of toolResult blocks at messages.{index}.content exceeds the number of toolUse blocks of "
                "previous turn."
            )
        if "toolResult" in block:
            results = block["toolResult"]["content"]
            blocks += [{"text": part["text"] if "text" in part else json.dumps(part.get("json"))} for part in results]
        elif "toolUse" in block:
            use = block["toolUse"]
            blocks.append({"text": f"{use['name']}({json.dumps(use['input'])})"})
        else:
            blocks.append(block)
    return blocks


def _chosen(choice: JsonObject, offered: tuple[Tool, ...], model: str) -> Tools:
    if len(choice) != 1 or not choice.keys() <= {"auto", "any", "tool"}:
        raise validation_error("Value at 'toolConfig.toolChoice' must have exactly one of the members auto, any, tool")
    ((kind, member),) = choice.items()
    if kind != "tool":
        return Tools(offered, kind)
    if not model.startswith(_CAN_BE_MADE_TO_CALL):
        raise validation_error(
            "This model doesn't support the toolConfig.toolChoice.tool field. "
            "Remove toolConfig.toolChoice.tool and try again."
        )
    name = member.get("name") if isinstance(member, dict) else None
    if name not in {tool.name for tool in offered}:
        raise validation_error(f"The tool {name!r} of toolConfig.toolChoice.tool is not among toolConfig.tools.")
    return Tools(offered, kind, str(name))


def _tool(given: JsonObject, where: str) -> Tool:
    spec = given.get("toolSpec")
    if not isinstance(spec, dict):
        raise validation_error(f"The local Bedrock knows toolSpec only, not the tool at {where}.")
    if not isinstance(spec.get("name"), str) or not _NAME.fullmatch(spec["name"]):
        raise validation_error(
            f"Value at '{where}.toolSpec.name' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+"
        )
    schema = (spec.get("inputSchema") or {}).get("json")
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise validation_error(
            f"The value at {where}.toolSpec.inputSchema.json.type must be one of the following: object."
        )
    return Tool(spec["name"], str(spec.get("description") or ""), schema)
