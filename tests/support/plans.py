"""The plans of followed endpoints, as the templates publish them and the runtime reads them."""

from typing import Any

import msgspec

from slipway_runtime.operate.deploy.plan import Plan


def text(value: Any) -> str:
    """Return a value of a template as one string, its references by name."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(map(text, value["Fn::Join"][1]))
    return str(value.get("Ref") or value)


def plans(found: Any) -> dict[str, Plan]:
    """Return the plans that a serving stack publishes, as the runtime reads them."""
    parameters = [item["Properties"] for item in found.of("serving", "AWS::SSM::Parameter")]
    told = {each["Name"].rsplit("/", 1)[-1]: each["Value"] for each in parameters}
    return {
        name.removesuffix("-plan"): msgspec.json.decode(text(value), type=Plan)
        for name, value in told.items()
        if name.endswith("-plan")
    }
