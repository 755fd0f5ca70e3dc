"""An environment with meters, prompts and tenants in the local cloud, policies enforced; a test's model behind it."""

from pathlib import Path

from slipway_cli.target import Target
from slipway_local import cloud
from stacks import application

CACHE = Path(__file__).resolve().parents[2] / ".slipway" / "cache"
SETTINGS = """
removal: destroy
termination_protection: false
prompts: {{enabled: true}}
metering: {{enabled: true, content_days: 7, prices: {{"openai:{place}#tiny": {{read: 1, written: 2}}}}}}
gateway:
  throttle: {{rate_per_second: 1000, burst: 1000}}
  access: {{tenants: true, cognito: {{enabled: true, domain_prefix: slipway-trial, mfa: false}}}}
models:
  default: {{grounded: true, routes: [&tiny {{openai: {{url: "{url}", model: tiny}}, max_tokens: 50}}]}}
  tiny: {{routes: [*tiny]}}
  other: {{routes: [*tiny]}}
"""


def up(state: Path, url: str) -> Target:
    """Bring up an environment whose models are the server at `url`; beside `state` lies what it is made of."""
    folder = state.parent
    (folder / "config").mkdir()
    text = SETTINGS.format(url=url, place=url.split("://")[1])
    (folder / "config" / "trial.yaml").write_text(text)
    assembly = application.build(folder / "config", outdir=str(folder / "out"), checked=False).synth()
    nested = Path(assembly.get_nested_assembly("assembly-Trial").directory)
    status = cloud.up(nested, state, environment="trial", cache=CACHE, enforce_iam=True)
    return Target("trial", status.endpoint_url, None, cloud.credentials(state))
