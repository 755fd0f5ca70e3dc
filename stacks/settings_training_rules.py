"""The rules between the settings of fine-tuning, each with its remedy: what no training job could do.

What a job itself refuses is in slipway_runtime.train.rules; tests hold both to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks import training_images
from stacks.settings_evaluation_rules import judge_violations
from stacks.settings_gate import FAMILIES, JUDGE
from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings
    from stacks.settings_training import Training

EVALUATES = ("g5", "g6", "g6e")
GPU = ("g5", "g6", "p4d", "p4de", "p5")
SECTION = "training"


def _instance(settings: Settings) -> Iterator[Violation]:
    training = settings.training
    family = _family(training)
    if family in GPU or family == "trn2":
        return
    reason = {
        "trn1": "a type that train.py can drive: trn1 is driven by optimum-neuron's own trainer",
        "trn1n": "a type that train.py can drive: trn1n is driven by optimum-neuron's own trainer",
        "inf2": "a type that trains: inf2 serves models and trains none",
    }.get(family, f"a type of {', '.join(GPU)} or trn2")
    yield Violation(
        key=(SECTION, "instance_type"), expected=reason, got=training.instance_type, remedy="Use GPUs, or trn2."
    )


def _strategy(settings: Settings) -> Iterator[Violation]:
    training = settings.training
    if training.strategy == "qlora" and _family(training).startswith("trn"):
        yield Violation(
            key=(SECTION, "strategy"),
            expected="another strategy than qlora on Trainium: bitsandbytes has no kernels for it",
            got=f"qlora with {training.instance_type}",
            remedy="Use lora, or an instance type with GPUs.",
        )


def _image(settings: Settings) -> Iterator[Violation]:
    training = settings.training
    if training.image is not None:
        return
    if _family(training).startswith("trn"):
        yield Violation(
            key=(SECTION, "image"),
            expected=f"the image for {training.instance_type}: TorchNeuron is in beta, and its image in no table yet",
            got="nothing",
            remedy="Set training.image to the image that your account uses.",
        )
    elif settings.region and settings.region not in training_images.accounts():
        yield Violation(
            key=(SECTION, "image"),
            expected=f"an image: {settings.region} has no {training_images.suffix()}",
            got="nothing",
            remedy=f"Train in one of {', '.join(training_images.accounts())}, or set training.image.",
        )


def _evaluation(settings: Settings) -> Iterator[Violation]:
    """Images for training on GPUs are of x86 and CUDA; Processing has fewer instance types than training."""
    given = settings.training.evaluation.instance_type
    if given.split(".")[1] not in EVALUATES and given != "ml.p5.4xlarge":
        yield Violation(
            key=(SECTION, "evaluation", "instance_type"),
            expected=f"a type of {', '.join(EVALUATES)}, or ml.p5.4xlarge: Processing has no others that fit the image",
            got=given,
            remedy="Use ml.g5.xlarge, or a larger one for a larger model.",
        )
    if judge := settings.training.evaluation.judge:
        yield from judge_violations(settings, judge.model, (SECTION, "evaluation", "judge", "model"))


def _gate(settings: Settings) -> Iterator[Violation]:
    training = settings.training
    measured = {name for family in training.evaluation.metrics for name in FAMILIES[family]}
    measured |= {JUDGE} if training.evaluation.judge else set()
    asked = [each.name for each in training.gate.metrics] + [each.metric for each in training.gate.slices]
    asked += ["safe"] if training.gate.safety else []
    for name in dict.fromkeys(asked):
        if name not in measured:
            family = next((each for each, names in FAMILIES.items() if name in names), "")
            yield Violation(
                key=(SECTION, "gate"),
                expected=f"metrics that the evaluation takes of each item: {', '.join(sorted(measured))}",
                got=name,
                remedy=_measuring(name, family),
            )
    names = [each.name for each in training.gate.metrics]
    if len(set(names)) < len(names):
        yield Violation(
            key=(SECTION, "gate", "metrics"), expected="each metric once", got=str(names), remedy="Join the two rules."
        )


def _measuring(name: str, family: str) -> str:
    if name == JUDGE:
        return "Set training.evaluation.judge."
    return f"Add {family} to training.evaluation.metrics." if family else "Name one of them."


def _tracking(settings: Settings) -> Iterator[Violation]:
    """MLflow Apps have an address of their own, without an interface endpoint, and Weights & Biases is outside AWS."""
    tracking, network = settings.training.tracking, settings.network
    wanted = [name for name in ("mlflow", "wandb") if getattr(tracking, name)]
    if network.mode == "create" and not network.nat_gateways:
        for name in wanted:
            yield Violation(
                key=(SECTION, "tracking", name),
                expected="a network from which it is reached",
                got="network.mode create with nat_gateways 0",
                remedy="Set network.nat_gateways to 1 or more, or leave tracking off.",
            )
    if tracking.mlflow and (settings.region or "").startswith("cn-"):
        yield Violation(
            key=(SECTION, "tracking", "mlflow"),
            expected="a region with MLflow Apps",
            got=settings.region,
            remedy="Leave it off in China.",
        )


def _family(training: Training) -> str:
    return training.instance_type.split(".")[1]


def violations(settings: Settings) -> Iterator[Violation]:
    """Yield what is wrong with the section, where it is on."""
    if settings.training.enabled:
        for rule in RULES:
            yield from rule(settings)


RULES: tuple[Callable[[Settings], Iterator[Violation]], ...] = (
    *(_instance, _strategy, _image, _evaluation, _gate, _tracking),
)
