"""The environment `trial` in the local cloud, of settings that a test gives."""

from pathlib import Path
from typing import Any

from slipway_cli.target import Target
from slipway_local import cloud
from stacks import application
from support.shared import shared

CACHE = Path(__file__).resolve().parents[2] / ".slipway" / "cache"


def up(folder: Path, settings: str, *, name: str = "trial", state: Path | None = None, **options: Any) -> Target:
    """Bring it up with policies enforced; its state is `folder / "state"` if not given, which `cloud.down` takes."""
    state = state or folder / "state"
    (folder / "config").mkdir()
    (folder / "config" / f"{name}.yaml").write_text(settings)

    def synthesise(target: Path) -> None:
        application.build(folder / "config", outdir=str(target), checked=False).synth()

    assembly = shared(f"assemblies/{name}", settings, synthesise) / f"assembly-{name.capitalize()}"
    status = cloud.up(assembly, state, environment=name, cache=CACHE, enforce_iam=True, **options)
    return Target(name, status.endpoint_url, None, cloud.credentials(state))
