"""`python app.py` as people and the CDK CLI run it: with real bundling, and once with every validation."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def synth(outdir: Path, *, context: dict[str, str], validation: str = "false") -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": os.environ.get("HOME", "/"),
        "CDK_OUTDIR": str(outdir),
        "CDK_VALIDATION": validation,
        "CDK_CONTEXT_JSON": json.dumps(context),
    }
    command = [sys.executable, str(ROOT / "app.py")]
    return subprocess.run(command, cwd=outdir.parent, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outdir = tmp_path_factory.mktemp("first") / "cdk.out"
    done = synth(outdir, context={"env": "dev"}, validation="true")
    assert done.returncode == 0, done.stderr
    return outdir


def test_dev_synthesises_with_every_validation_on(synthesised: Path) -> None:
    report = json.loads((synthesised / "validation-report.json").read_text())

    assert [name.name for name in synthesised.glob("assembly-*")] == ["assembly-Dev"]
    assert all(plugin["conclusion"] == "success" for plugin in report["pluginReports"]), report


def test_layers_hold_arm_packages_and_their_lock(synthesised: Path) -> None:
    locks = {path.read_text(): path.parent for path in synthesised.glob("asset.*/requirements.txt")}

    for name in ("api", "ingest"):
        layer = locks[(ROOT / "lambda" / "requirements" / f"{name}.txt").read_text()]
        libraries = [path.name for path in layer.glob("python/**/*.so")]
        assert (layer / "python" / "boto3").is_dir()
        assert libraries
        assert not any("x86_64" in library for library in libraries)


def test_the_code_asset_holds_the_runtime_library_alone(synthesised: Path) -> None:
    (code,) = [path.parent for path in synthesised.glob("asset.*/slipway_runtime")]

    assert [path.name for path in code.iterdir()] == ["slipway_runtime"]
    assert not list(code.rglob("__pycache__"))


def test_a_second_run_bundles_nothing(synthesised: Path) -> None:
    before = {path: path.stat().st_ino for path in synthesised.glob("asset.*")}

    done = synth(synthesised, context={"env": "dev"})

    assert done.returncode == 0
    assert "Bundling" not in done.stdout + done.stderr
    assert {path: path.stat().st_ino for path in synthesised.glob("asset.*")} == before


def test_a_fresh_output_folder_takes_the_layers_from_the_cache(synthesised: Path, tmp_path: Path) -> None:
    done = synth(tmp_path / "cdk.out", context={"env": "dev"})

    assert done.returncode == 0
    assert "installing" not in done.stderr


def test_bad_settings_exit_with_one_line_each_and_no_traceback(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "dev.yaml").write_text("removl: destroy\nnetwork: {mode: import}\n")

    done = synth(tmp_path / "cdk.out", context={"config": "elsewhere"})

    assert done.returncode == 1
    assert done.stdout == ""
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [
        "elsewhere/dev.yaml:1",
        "elsewhere/dev.yaml:2",
    ]


def test_an_unknown_environment_is_told(tmp_path: Path) -> None:
    done = synth(tmp_path / "cdk.out", context={"env": "prd"})

    assert done.returncode == 1
    assert "did you mean prod?" in done.stderr
    assert "Traceback" not in done.stderr
