"""The settings of fine-tuning."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stacks.settings_gate import Gate, ModelEvaluation
from stacks.settings_section import Section
from stacks.settings_tracking import Tracking

Strategy = Literal["full", "lora", "qlora", "prompt", "prefix", "llama_adapter"]


class Approval(Section):
    """People's word before a model is registered."""

    four_eyes: bool = Field(True, description="Who asked for a run may not approve it.")
    expires_days: int = Field(7, ge=1, le=90, description="Days until a run that nobody decides on ends.")


class Training(Section):
    """Fine-tuning from data to an approved model: `slipway fine-tune`. Idle it costs nothing."""

    enabled: bool = Field(False, description="Make the state machine, the table of approvals, and their functions.")
    strategy: Strategy = Field("lora", description="Which weights a run learns, unless it says otherwise.")
    instance_type: str = Field(
        "ml.g5.xlarge",
        pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$",
        description="SageMaker instance type of the training job: of g5, g6, p4d, p5, or trn2 (beta).",
    )
    instances: int = Field(1, ge=1, le=64, description="Instances of one job.")
    image: str | None = Field(
        None,
        pattern=r"^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/.+[:@].+$",
        description="Image of the job; left open: Hugging Face's of the region, where there are GPUs.",
    )
    spot: bool = Field(True, description="Managed spot: up to 90 % cheaper, interrupted at times, resumed by itself.")
    volume_gigabytes: int = Field(100, ge=10, le=16384, description="Volume of an instance, in GB (10^9 bytes).")
    max_hours: float = Field(24, gt=0, le=120, description="Hours that a job trains at most.")
    max_dollars: float = Field(
        100, gt=0, description="Dollars, by list prices, above which a run is refused before it starts."
    )
    evaluation: ModelEvaluation = Field(default_factory=ModelEvaluation, description="Measures a candidate.")
    gate: Gate = Field(default_factory=Gate, description="What a candidate must show.")
    approval: Approval = Field(default_factory=Approval, description="People's word.")
    tracking: Tracking = Field(default_factory=Tracking, description="Where the figures of runs go.")
