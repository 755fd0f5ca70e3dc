"""A training as a run of Weights & Biases. The account's key comes from a secret and goes nowhere else.

Source: https://docs.wandb.ai/ref/python/sdk/functions/init/
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


class WandbRun:
    """One run; a training that goes on goes on in it."""

    def __init__(self, env: Mapping[str, str], told: Mapping[str, Any], facts: Mapping[str, Any], name: str) -> None:
        import wandb

        known = env.get("SLIPWAY_RUN", name)
        self._run = wandb.init(
            id=known,
            name=known,
            resume="allow",
            project=env.get("WANDB_PROJECT", "slipway"),
            entity=env.get("WANDB_ENTITY") or None,
            config={**told, **{name: value for name, value in facts.items() if isinstance(value, str)}},
            # In the settings, so that no variable and no file of the container holds it.
            settings=wandb.Settings(api_key=_key(env["WANDB_SECRET_ID"]), silent=True),
        )
        self.address = str(self._run.url or known)

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Record numbers of a step."""
        self._run.log(dict(values), step=step)

    def finish(self, manifest: Mapping[str, Any], files: list[Path]) -> None:
        """Record the final figures and files, and end the run."""
        self._run.summary.update({f"final.{key}": value for key, value in manifest["metrics"].items()})
        for file in files:
            self._run.save(str(file), base_path=str(file.parent), policy="now")
        self._run.finish()

    def fail(self) -> None:
        """End the run as failed."""
        self._run.finish(exit_code=1)


def _key(secret: str) -> str:
    import botocore.session

    client: Any = botocore.session.get_session().create_client("secretsmanager")
    return str(client.get_secret_value(SecretId=secret)["SecretString"]).strip()
