"""Each property of each live type has an update that test_updates proves, or is listed with the reason why not.

`not_updated.json` holds the reasons. A property that no call reaches is refused by name at an update, and AWS's schema
may bring new ones: the list then differs.
Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

import json
from pathlib import Path
from typing import Any

import pytest

from slipway_local.aws import Place
from slipway_local.deploy.providers import PROVIDERS
from slipway_local.deploy.schemas import property_names, schema_of
from support.updates import LIVE, TOGETHER

pytestmark = pytest.mark.capability("O14")
REPLACED = "Any change of the type replaces the resource; with a name of its own the change is refused."
REFUSED = "No call of the emulated service changes it: refused by name."
STUCK = "Can be changed; taking it away is refused by name, for the emulated service keeps what it is not given."
UNREAD = "The type's own update call takes it; what it does is not read back in test_updates."


def found() -> dict[str, dict[str, list[str]]]:
    """Return the properties that are not proved, by reason and type."""
    place = Place(endpoint_url="http://127.0.0.1:9")
    reasons: dict[str, dict[str, list[str]]] = {REPLACED: {}, REFUSED: {}, STUCK: {}, UNREAD: {}}
    for kind, provider in PROVIDERS.items():
        schema = schema_of(kind, "us-east-1")
        assert schema is not None
        fixed = property_names(schema, "readOnlyProperties") | property_names(schema, "createOnlyProperties")
        proved = {*(LIVE[kind].changes if kind in LIVE else ())}
        proved |= {name for (of, _), together in TOGETHER.items() if of == kind for name in together}
        for name in sorted({*schema["properties"]} - fixed):
            if reason := _reason(place, provider, name, name in proved):
                reasons[reason].setdefault(kind, []).append(name)
    return reasons


def _reason(place: Place, provider: Any, name: str, proved: bool) -> str:
    value: Any = [{"Region": "eu-west-1"}] if name == "Replicas" else "x"
    if not provider.updatable:
        return REPLACED
    if provider.unreached(place, {}, {name: value}):
        return REFUSED
    if provider.unreached(place, {name: value}, {}):
        return STUCK
    return "" if proved else UNREAD


def test_each_property_is_proved_or_listed() -> None:
    assert found() == json.loads((Path(__file__).parent / "not_updated.json").read_text())
