"""The settings of tracking: where the figures of each fine-tuning run go beside the pipeline's own records."""

from __future__ import annotations

from pydantic import Field

from stacks.settings_section import Section


class WeightsAndBiases(Section):
    """Runs in Weights & Biases. The account's key stays in a secret, which only the training job reads."""

    secret: str = Field(
        pattern=r"^[A-Za-z0-9/_+=.@-]{1,512}$",
        description="Name of a secret of Secrets Manager in this account and region whose text is the key.",
    )
    project: str = Field("slipway", min_length=1, max_length=128, description="The project of the runs.")
    entity: str = Field("", max_length=128, description="Team or user of the project; left open: the key's own.")


class Tracking(Section):
    """Where the figures of runs are kept for comparison. A service that fails ends no run."""

    mlflow: bool = Field(
        False,
        description="Make a SageMaker MLflow App, which costs nothing by itself, and link its runs to the registry.",
    )
    wandb: WeightsAndBiases | None = Field(None, description="Runs in Weights & Biases; left open: none.")
