"""What every file of the project must satisfy: format, lint, types, and the arrows between the packages."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent

# Who may import whom (docs/architecture.md). Everything not named here is forbidden.
ARROWS = {
    "stacks": {"stacks", "slipway_constructs"},
    "slipway_constructs": {"slipway_constructs"},
    "slipway_runtime": {"slipway_runtime"},
    "slipway_local": {"slipway_local"},
    # An operator's command does with the operator's own rights what the runtime library does in a function.
    "slipway_cli": {"slipway_cli", "slipway_local", "slipway_runtime", "stacks"},
}
FOLDERS = {
    "stacks": ROOT / "stacks",
    "slipway_constructs": ROOT / "constructs" / "slipway_constructs",
    "slipway_runtime": ROOT / "lambda" / "slipway_runtime",
    "slipway_local": ROOT / "local" / "slipway_local",
    "slipway_cli": ROOT / "cli" / "slipway_cli",
}


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("command", [["ruff", "format", "--check", "."], ["ruff", "check", "."], ["mypy"]])
def test_static_check(command: list[str]) -> None:
    run = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("package", ARROWS)
def test_arrows_run_one_way(package: str) -> None:
    files = list(FOLDERS[package].rglob("*.py"))
    assert files
    for file in files:
        ours = _imports(file) & set(ARROWS)
        assert ours <= ARROWS[package], f"{file} imports {ours - ARROWS[package]}"


def test_the_runtime_never_imports_the_cdk() -> None:
    for file in FOLDERS["slipway_runtime"].rglob("*.py"):
        assert not _imports(file) & {"aws_cdk", "constructs"}, file


def test_no_code_asks_whether_it_is_local() -> None:
    suspicious = re.compile(r"is_local|AWS_ENDPOINT_URL|LOCALSTACK|localhost", re.IGNORECASE)
    for package in ("stacks", "slipway_constructs", "slipway_runtime"):
        for file in FOLDERS[package].rglob("*.py"):
            assert not suspicious.search(file.read_text(encoding="utf-8")), file


@pytest.mark.parametrize("folder", ["constructs", "lambda", "local", "cli"])
def test_source_roots_are_not_packages(folder: str) -> None:
    """A top-level package `constructs` would shadow PyPI's and break `import aws_cdk`."""
    assert not (ROOT / folder / "__init__.py").exists()
