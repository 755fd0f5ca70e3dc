"""`{{resolve:service:reference}}` in property values.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

import json
import re
from typing import Any

from slipway_local.aws import Place

DYNAMIC = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]+)\}\}")


def resolve_dynamic(value: Any, place: Place) -> Any:
    """Return the value with `{{resolve:…}}` replaced by parameters and secrets of this cloud."""
    if isinstance(value, list):
        return [resolve_dynamic(item, place) for item in value]
    if isinstance(value, dict):
        return {key: resolve_dynamic(item, place) for key, item in value.items()}
    if not isinstance(value, str) or "{{resolve:" not in value:
        return value
    return DYNAMIC.sub(lambda match: _dynamic(match[1], match[2], place), value)


def _dynamic(service: str, reference: str, place: Place) -> str:
    if service.startswith("ssm"):
        name = reference.rsplit(":", 1)[0] if reference.rsplit(":", 1)[-1].isdigit() else reference
        return str(place.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    before, _, after = reference.partition(":SecretString")
    if not after and not reference.endswith(":SecretString"):
        before = reference
    secret = str(place.client("secretsmanager").get_secret_value(SecretId=before)["SecretString"])
    key = after.split(":")[1] if after.startswith(":") else ""
    return str(json.loads(secret)[key]) if key else secret
