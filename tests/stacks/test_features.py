import subprocess
import sys
from pathlib import Path

from stacks.application import ROOT
from stacks.features import PARTS, parts
from stacks.settings_file import read_environments

PROGRAM = """
import sys
from pathlib import Path
from stacks.application import build
build(Path(sys.argv[1]), checked=False)
print(*sorted(name for name in sys.modules if name.startswith("stacks.")))
"""
SWITCHED = {
    "backup",
    "drift",
    "governance",
    "network",
    "datasets",
    "labelling",
    "corpus",
    "augmentation",
    "evaluation",
    "prompts",
    "reindex",
    "serving",
    "deployment",
    "knowledge",
    "training",
}


def test_a_part_that_is_off_is_not_even_imported(tmp_path: Path) -> None:
    (tmp_path / "trial.yaml").write_text("removal: destroy")
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()

    assert {part.name for part in PARTS if f"stacks.{part.name}" not in found} == SWITCHED
    assert "stacks.labelling_api" not in found


def test_the_shipped_environments_have_every_part_between_them_in_one_order() -> None:
    shipped = [[part.name for part in parts(each)] for each in read_environments(ROOT / "config").values()]

    order = [part.name for part in PARTS]
    assert {name for names in shipped for name in names} == set(order)
    assert all(names == [name for name in order if name in names] for names in shipped)
