"""Write the logical ids of the stateful resources of the shipped environments to tests/stacks/stateful_ids.json.

    .venv/bin/python tools/stateful_ids.py

Run it only when a stateful resource was added, or when its replacement or deletion is wanted and acknowledged.
"""

import json
import tempfile
from pathlib import Path

from slipway_cli.synth import run_app
from slipway_cli.templates import WITHOUT_BUNDLING, read_templates
from slipway_cli.upgrades.stateful import stateful_ids

ROOT = Path(__file__).parents[1]
FILE = ROOT / "tests" / "stacks" / "stateful_ids.json"


def main() -> None:
    """Synthesise every environment, and write the ids by environment and stack."""
    found: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        run_app(ROOT, Path(folder), WITHOUT_BUNDLING)
        for stack in read_templates(Path(folder)):
            ids = {f"{stack.part}/{name}": kind for name, kind in stateful_ids(stack.resources).items()}
            found.setdefault(stack.environment, {}).update(ids)
    FILE.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{FILE.relative_to(ROOT)}: {sum(map(len, found.values()))} resources of {len(found)} environments")


if __name__ == "__main__":
    main()
