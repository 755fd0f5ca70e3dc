from pathlib import Path
from typing import Any

from stacks.settings_file import read_environments
from stacks.tables import table_names


def test_the_names_are_those_of_the_tables_that_the_foundation_makes(environments: dict[str, Any]) -> None:
    settings = read_environments(Path(__file__).parents[2] / "config")
    for name, templates in environments.items():
        published = [item["Properties"]["Name"] for item in templates.of("foundation", "AWS::SSM::Parameter")]
        tables = [each for each in published if each.endswith("-table-name")]
        assert sorted(tables) == sorted(
            f"/slipway/{name}/foundation/{each}-table-name" for each in table_names(settings[name])
        )
