"""An environment with meters, prompts and tenants in the local cloud, policies enforced; a test's model behind it."""

from pathlib import Path

from slipway_cli.target import Target
from support import trial

SETTINGS = """
removal: destroy
termination_protection: false
prompts: {{enabled: true}}
conversations: {{enabled: true, summary_alias: tiny}}
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
    text = SETTINGS.format(url=url, place=url.split("://")[1])
    return trial.up(state.parent, text)
