"""Writes the gateway's OpenAPI document, `docs/openapi.json`, from the types that check its requests."""

import json
from pathlib import Path

from slipway_runtime.handlers.openapi import document

TARGET = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"

if __name__ == "__main__":
    TARGET.write_text(json.dumps(document(), indent=1, sort_keys=True) + "\n")
    print(f"wrote {TARGET}")
