"""Writes the JSON schema of the settings, by which editors complete and check `config/*.yaml`.

.venv/bin/python tools/settings_schema.py            # config/settings.schema.json
"""

import json
from pathlib import Path

from stacks.settings import Settings

TARGET = Path(__file__).resolve().parent.parent / "config" / "settings.schema.json"


def schema() -> str:
    """Return the schema as JSON text."""
    made = {"$schema": "http://json-schema.org/draft-07/schema#", **Settings.model_json_schema()}
    return json.dumps(_draft_07(made), indent=2) + "\n"


def _draft_07(value: object) -> object:
    """Move `$defs` to `definitions`, which the YAML language servers of editors know."""
    if isinstance(value, dict):
        return {
            "definitions" if key == "$defs" else key: _draft_07(item) for key, item in value.items() if key != "title"
        }
    if isinstance(value, list):
        return [_draft_07(item) for item in value]
    return value.replace("#/$defs/", "#/definitions/") if isinstance(value, str) else value


if __name__ == "__main__":
    TARGET.write_text(schema())
    print(f"wrote {TARGET}")
