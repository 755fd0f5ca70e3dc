"""The environment `trial` in the local cloud, of settings that a test gives."""

from pathlib import Path
from typing import Any

from slipway_cli.target import Target
from slipway_local import cloud
from stacks import application

CACHE = Path(__file__).resolve().parents[2] / ".slipway" / "cache"


def up(folder: Path, settings: str, **options: Any) -> Target:
    """Bring it up with policies enforced; its state is `folder / "state"`, which `cloud.down` takes."""
    state = folder / "state"
    (folder / "config").mkdir()
    (folder / "config" / "trial.yaml").write_text(settings)
    assembly = application.build(folder / "config", outdir=str(folder / "out"), checked=False).synth()
    nested = Path(assembly.get_nested_assembly("assembly-Trial").directory)
    status = cloud.up(nested, state, environment="trial", cache=CACHE, enforce_iam=True, **options)
    return Target("trial", status.endpoint_url, None, cloud.credentials(state))
