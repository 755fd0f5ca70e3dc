"""What an EventBridge target with an input transformer receives.

moto fills in two of the five reserved variables and puts no quotes around strings where the template has none.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from slipway_local.targets import dumps

_VARIABLE = re.compile(r"<([\w.-]+)>")
_TEXT_OR_VARIABLE = re.compile(r'"(?:[^"\\]|\\.)*"|<[\w.-]+>')


def transform(transformer: Mapping[str, Any], rule: Any, event: Mapping[str, Any], ingestion_time: str) -> str:
    """Return the template with its variables filled in; one whose path leads nowhere leaves nothing behind.

    `ingestion_time` is in ISO 8601. Raises ValueError if what comes out is no JSON.
    """
    from jsonpath_ng.ext import parse

    found = {name: parse(path).find(event) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values = {name: dumps(matches[0].value) if matches else "" for name, matches in found.items()} | {
        "aws.events.rule-arn": dumps(rule.arn),
        "aws.events.rule-name": dumps(rule.name),
        "aws.events.event.ingestion-time": dumps(ingestion_time),
        "aws.events.event": dumps({key: value for key, value in event.items() if key != "detail"}),
        "aws.events.event.json": dumps(event),
    }

    def bare(variable: re.Match[str]) -> str:
        return values.get(variable[1], variable[0])

    def fill(part: re.Match[str]) -> str:
        if part[0].startswith('"'):  # a string takes the contents of strings, and all else as it is
            return _VARIABLE.sub(lambda variable: bare(variable).removeprefix('"').removesuffix('"'), part[0])
        return _VARIABLE.sub(bare, part[0])

    filled = _TEXT_OR_VARIABLE.sub(fill, transformer["InputTemplate"])
    json.loads(filled)
    return filled
