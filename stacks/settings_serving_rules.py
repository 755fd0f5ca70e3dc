"""The rules of endpoints: what SageMaker or the containers could not do, and models that do not fit, with remedies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks import serving_images
from stacks.serving_fit import Plan, arithmetic, remedies
from stacks.serving_instances import INSTANCES
from stacks.serving_shapes import SHAPES
from stacks.settings_violation import Violation

if TYPE_CHECKING:
    from stacks.settings import Settings
    from stacks.settings_serving import Endpoint, ServedModel

Key = tuple[str | int, ...]


def violations(settings: Settings) -> Iterator[Violation]:
    """Yield what is wrong with each endpoint."""
    names = [endpoint.name for endpoint in settings.serving.endpoints]
    for index, endpoint in enumerate(settings.serving.endpoints):
        key = ("serving", "endpoints", index)
        if endpoint.name in names[:index]:
            yield Violation(
                key=(*key, "name"),
                expected="a name that no other endpoint has",
                got=endpoint.name,
                remedy="Rename one of them.",
            )
        found = [violation for rule in RULES for violation in rule(key, endpoint)]
        yield from found or _fit(key, endpoint)
        yield from _region(key, endpoint, settings.region)


def tensor_parallel(endpoint: Endpoint) -> int:
    """Return the GPUs or Neuron cores that share a copy. Raises: KeyError for an instance out of the table."""
    return endpoint.tensor_parallel or INSTANCES[endpoint.instance].ranks


def plan(endpoint: Endpoint, model: ServedModel) -> Plan:
    """Return a model of the endpoint as it is to be served."""
    return Plan(
        name=model.like,
        shape=SHAPES[model.like],
        instance_type=endpoint.instance,
        tensor_parallel=tensor_parallel(endpoint),
        context=endpoint.max_context,
        concurrent=endpoint.concurrent_requests,
        container=endpoint.container,
        quantization=endpoint.quantization,
    )


def models(endpoint: Endpoint) -> Iterator[tuple[Key, ServedModel]]:
    """Yield each model of an endpoint with its key below it."""
    yield ("model",), endpoint.model
    for index, variant in enumerate(endpoint.variants):
        yield ("variants", index, "model"), variant.model
    if endpoint.shadow:
        yield ("shadow", "model"), endpoint.shadow.model


def _models(key: Key, endpoint: Endpoint) -> Iterator[Violation]:
    for below, model in models(endpoint):
        if len(model.sources) != 1:
            yield Violation(
                key=(*key, *below),
                expected="one of artifacts, s3, package and registry",
                got=" and ".join(model.sources) or "none of them",
                remedy="Say where the model's files are.",
            )
        if model.like not in SHAPES:
            yield Violation(
                key=(*key, *below, "like"),
                expected=f"one of {', '.join(SHAPES)}",
                got=model.like,
                remedy="Name the one whose layers, heads and parameters the model has; more go into serving_shapes.py.",
            )


def _instance(key: Key, endpoint: Endpoint) -> Iterator[Violation]:
    instance = INSTANCES.get(endpoint.instance)
    if instance is None:
        families = sorted({name.split(".")[1] for name in INSTANCES})
        yield Violation(
            key=(*key, "instance"),
            expected=f"a type of {', '.join(families)}, whose memory is known",
            got=endpoint.instance,
            remedy="Take one of these.",
        )
    elif instance.accelerator.neuron != (endpoint.container == "neuronx"):
        yield Violation(
            key=(*key, "container"),
            expected="neuronx" if instance.accelerator.neuron else "lmi-vllm or tgi",
            got=f"{endpoint.container} on {instance.accelerator.name}",
            remedy=f"Change the container, or the instance {endpoint.instance}.",
        )
    elif endpoint.quantization != "none" and instance.accelerator.neuron:
        yield Violation(
            key=(*key, "quantization"),
            expected="none: the container for Neuron serves 16 bits",
            got=endpoint.quantization,
            remedy="Take weights of 16 bits, or GPUs.",
        )


def _scaling(key: Key, endpoint: Endpoint) -> Iterator[Violation]:
    scaling = endpoint.scaling
    if scaling.min > scaling.max:
        yield Violation(
            key=(*key, "scaling", "min"),
            expected=f"at most max, which is {scaling.max}",
            got=scaling.min,
            remedy="Lower min or raise max.",
        )
    if scaling.min:
        if endpoint.rollout.kind != "all_at_once" and scaling.min < 2:
            yield Violation(
                key=(*key, "rollout", "kind"),
                expected="all_at_once with one instance: SageMaker lets a step be half of the instances at most",
                got=endpoint.rollout.kind,
                remedy="Set scaling.min to 2 or more, or rollout.kind to all_at_once.",
            )
        return
    # Inference components alone go to zero. Source: SageMaker guide, "Scale an endpoint to zero instances".
    for name, given in (("variants", endpoint.variants), ("shadow", endpoint.shadow)):
        if given:
            yield Violation(
                key=(*key, name),
                expected="nothing with scaling.min 0: an endpoint that sleeps has one variant of inference components",
                got="some",
                remedy=f"Set scaling.min to 1 or more, or leave {name} out.",
            )
    if endpoint.rollout.kind != "all_at_once":
        yield Violation(
            key=(*key, "rollout", "kind"),
            expected="all_at_once with scaling.min 0: copies of an inference component are replaced one by one",
            got=endpoint.rollout.kind,
            remedy="Set scaling.min to 2 or more, or leave rollout.kind out.",
        )


def _variants(key: Key, endpoint: Endpoint) -> Iterator[Violation]:
    names = ["main", "shadow", *(variant.name for variant in endpoint.variants)]
    for index, variant in enumerate(endpoint.variants):
        if variant.name in names[: index + 2]:
            yield Violation(
                key=(*key, "variants", index, "name"),
                expected="a name that is not taken; main and shadow are",
                got=variant.name,
                remedy="Rename the variant.",
            )
    if endpoint.shadow and endpoint.variants:
        yield Violation(
            key=(*key, "shadow"),
            expected="nothing beside variants: SageMaker lets an endpoint with a shadow have one variant",
            got="a shadow",
            remedy="Compare the models one after the other.",
        )


def _followed(key: Key, endpoint: Endpoint) -> Iterator[Violation]:
    if any(model.registry for below, model in models(endpoint) if below != ("model",)):
        yield Violation(
            key=(*key, "model"),
            expected="registry for the endpoint's own model alone",
            got="registry for a variant or shadow",
            remedy="Name a version of it: package.",
        )
    if not endpoint.model.registry:
        return
    for name, given in (("variants", endpoint.variants), ("shadow", endpoint.shadow)):
        if given:
            yield Violation(
                key=(*key, name),
                expected="nothing beside a model that follows the registry: its deployments own what is served",
                got="some",
                remedy="Name a version of its model by package, or give the others an endpoint of their own.",
            )


def _fit(key: Key, endpoint: Endpoint) -> Iterator[Violation]:
    for below, model in models(endpoint):
        planned = plan(endpoint, model)
        if planned.fits:
            continue
        offered = remedies(planned)
        yield Violation(
            key=(*key, *below),
            expected=f"a model that fits {endpoint.instance}",
            got=f"{model.like}: {planned.impossible or arithmetic(planned)}",
            remedy=f"What would do: {'; '.join(offered)}." if offered else "No instance of the table holds it.",
        )


def _region(key: Key, endpoint: Endpoint, region: str | None) -> Iterator[Violation]:
    accounts = serving_images.accounts(endpoint.container)
    if region and region not in accounts:
        yield Violation(
            key=(*key, "container"),
            expected=f"a container that {region} has: {serving_images.suffix(endpoint.container)} it has not",
            got=endpoint.container,
            remedy=f"Serve in one of {', '.join(accounts)}, or take another container.",
        )


RULES: tuple[Callable[[Key, Endpoint], Iterator[Violation]], ...] = (
    *(_models, _instance, _scaling, _variants),
    _followed,
)
