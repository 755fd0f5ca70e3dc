"""The settings of what a fine-tuned model must show before people are asked: its evaluation and its gate."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stacks.settings_section import Section

# What each family of jobs/evaluate measures of every item; a gate needs scores of items.
FAMILIES: dict[str, tuple[str, ...]] = {
    "perplexity": ("perplexity",),
    "words": ("exact_match", "f1"),
    "overlap": ("bleu", "chrf", "chrf++", "ter"),
    "rouge": ("rouge1", "rouge2", "rougeL", "rougeLsum"),
    "meteor": ("meteor",),
    "captions": ("cider", "spice"),
    "classification": ("accuracy",),
    "code": ("pass@1",),
    "safety": ("safe",),
}
Family = Literal["perplexity", "words", "overlap", "rouge", "meteor", "captions", "classification", "code", "safety"]


JUDGE = "judge"  # the metric of the judge: the share of pairs won, ties by half


class Judge(Section):
    """A model that compares the candidate's answers with production's, each pair in both orders."""

    model: str = Field(description="Alias of `models`, a Claude or Nova model; better another one than what is tuned.")
    calibration: str = Field(
        "",
        description='Key of the artifacts bucket with people\'s verdicts, `{"id", "winners"}` a line: a judge that '
        "does not agree with them (kappa under 0.4) is not used. Left open: how far it may be believed is not known.",
    )


class ModelEvaluation(Section):
    """A Processing job that measures the candidate and the model in production on the same items."""

    instance_type: str = Field(
        "ml.g5.xlarge",
        pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$",
        description="SageMaker instance type of the processing job: of g5, g6, g6e, or ml.p5.4xlarge.",
    )
    image: str | None = Field(
        None,
        pattern=r"^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/.+[:@].+$",
        description="Image of the job; left open: Hugging Face's for training on GPUs.",
    )
    metrics: list[Family] = Field(
        ["perplexity", "words", "overlap", "rouge"], min_length=1, description="Families of metrics to take."
    )
    max_new_tokens: int = Field(256, ge=1, le=32_768, description="Tokens of an answer at most.")
    max_hours: float = Field(4, gt=0, le=120, description="Hours that the job runs at most.")
    judge: Judge | None = Field(
        None, description="Who compares the answers, as the metric `judge` of the gate; left open: nobody."
    )


class GateMetric(Section):
    """One metric of the gate, in its own unit: perplexity's scores are nats a token."""

    name: str = Field(description="A metric of docs/evaluation-of-models.md.")
    minimum_effect: float = Field(0.0, ge=0, description="The least mean gain that counts as better.")
    margin: float | None = Field(None, gt=0, description="The mean loss that is tolerated; left open: any.")
    floor: float | None = Field(None, description="What a candidate's mean must reach in any case.")


class GateSlice(Section):
    """A slice of the items that must not lose more than its margin."""

    name: str = Field(description="The slice, as the items name it.")
    metric: str = Field(description="The metric that must hold in it.")
    margin: float = Field(gt=0, description="The mean loss that is tolerated.")


class GateSafety(Section):
    """The safety suite: the items with `forbidden` or `required`."""

    minimum_rate: float = Field(1.0, ge=0, le=1, description="Share of safe answers.")
    new_failures: int = Field(0, ge=0, description="Answers that may be unsafe and were safe.")


class Gate(Section):
    """What passes: better somewhere by two tests after Holm's correction, shown worse nowhere that has a margin."""

    metrics: list[GateMetric] = Field([GateMetric(name="perplexity")], min_length=1, description="What may be better.")
    slices: list[GateSlice] = Field([], description="Slices that must not regress.")
    safety: GateSafety | None = Field(None, description="What the safety suite must show; left open: not asked.")
    alpha: float = Field(
        0.05, gt=0, lt=0.5, description="Share, at most, of candidates no better than production that pass."
    )
    minimum_items: int = Field(30, ge=2, description="Items under which nothing is shown.")
