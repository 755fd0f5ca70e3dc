"""The generated files are those that the models make now, and the shipped files agree with them."""

import json
import runpy
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "config").glob("*.yaml"))


def test_the_schema_is_current() -> None:
    made = runpy.run_path(str(ROOT / "tools" / "settings_schema.py"))["schema"]()

    assert (ROOT / "config" / "settings.schema.json").read_text() == made, "run tools/settings_schema.py"


def test_the_reference_is_current() -> None:
    made = runpy.run_path(str(ROOT / "tools" / "settings_reference.py"))["reference"]()

    assert (ROOT / "docs" / "configuration.md").read_text() == made, "run tools/settings_reference.py"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_file_names_its_schema_and_obeys_it(path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "config" / "settings.schema.json").read_text())

    jsonschema.validate(yaml.safe_load(path.read_text()), schema)

    assert path.read_text().startswith("# yaml-language-server: $schema=settings.schema.json\n")
    assert len(path.read_text().splitlines()) <= 45, "one screen"


def test_every_setting_is_described() -> None:
    schema = json.loads((ROOT / "config" / "settings.schema.json").read_text())
    bare = [
        f"{name}.{key}"
        for name, section in [*schema["definitions"].items(), ("Settings", schema)]
        for key, field in section["properties"].items()
        if not field.get("description")
    ]

    assert bare == []
