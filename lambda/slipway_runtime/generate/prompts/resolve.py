"""What a request that names a prompt is to send: messages, alias, parameters, and where they come from.

Labels and experiments are remembered for `LABEL_SECONDS`, so that a change is seen by every process within that time;
versions never change and are remembered for good. While the table does not answer, what was read up to
`STALE_SECONDS` ago still serves.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.prompts import content, example_sets, rendering
from slipway_runtime.generate.prompts.content import Message, Prompt
from slipway_runtime.generate.prompts.example_sets import Example, ExampleSet
from slipway_runtime.generate.prompts.example_vectors import ExampleVectors
from slipway_runtime.generate.prompts.experiment import Experiment
from slipway_runtime.generate.prompts.experiment_assignment import assigned
from slipway_runtime.generate.prompts.experiments import Experiments
from slipway_runtime.generate.prompts.labels import Label, Labels
from slipway_runtime.generate.prompts.names import LATEST, Reference, reference
from slipway_runtime.generate.prompts.recent import Recent
from slipway_runtime.generate.prompts.versions import Version, Versions
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.operate.rows import Table
from slipway_runtime.retrieve.tokens.choose import tokenizer

LABEL_SECONDS = 5.0
STALE_SECONDS = 300.0
FOR_EVER = 10.0**9
BRIEF: Any = {"seconds": LABEL_SECONDS, "stale_seconds": STALE_SECONDS}


class Provenance(msgspec.Struct, frozen=True):
    """Which version was used, and why that one. `experiment` and `unit` are "" and `arm` 0 outside experiments.

    `unit`: whom the experiment tells apart; an observation is recorded for this one.
    """

    prompt: str
    version: int
    digest: str
    label: str = ""
    experiment: str = ""
    arm: int = 0
    unit: str = ""


class Resolved(msgspec.Struct, frozen=True):
    """What to send. `alias`: "" leaves the model to the request. `parameters`: fields of a chat completion.

    `reasoning`: the answer comes with its reasoning in tags, which `structured.split` takes apart.
    """

    messages: list[Message]
    alias: str
    parameters: dict[str, Any]
    reasoning: bool
    provenance: Provenance


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whose request it is; "" for what is not known."""

    tenant: str
    user: str = ""
    conversation: str = ""


@dataclass(frozen=True, kw_only=True)
class Resolver:
    """Kept for the life of a process, for all tenants. `vectors`: makes those of examples when they are needed."""

    table: Table
    vectors: Callable[[], ExampleVectors]
    now: Callable[[], float] = time.time
    labels: Recent[Label] = field(default_factory=lambda: Recent(**BRIEF))
    trials: Recent[Experiment] = field(default_factory=lambda: Recent(**BRIEF))
    prompts: Recent[tuple[Version, Prompt]] = field(default_factory=lambda: Recent(seconds=FOR_EVER))
    sets: Recent[ExampleSet] = field(default_factory=lambda: Recent(seconds=FOR_EVER, size=64))

    def resolve(self, caller: Caller, named: str, variables: Mapping[str, Any], deadline: Deadline) -> Resolved:
        """Return what the prompt `named` (`name`, `name@label`, `name@number`) is for this caller.

        Raises: ApiError 400 naming what is wrong with the name or a variable, 404; EmbeddingError for examples by
        similarity; the errors of DynamoDB.
        """
        wanted = reference(named)
        provenance, prompt = self._chosen(caller, wanted)
        filled = rendering.texts(prompt, variables)
        return Resolved(
            rendering.messages(prompt, filled, self._examples(caller.tenant, prompt, filled, deadline)),
            prompt.model,
            rendering.parameters(prompt),
            prompt.reasoning == "steps" and prompt.response_format is None,
            provenance,
        )

    def _chosen(self, caller: Caller, wanted: Reference) -> tuple[Provenance, Prompt]:
        versions = Versions(table=self.table, tenant=caller.tenant)
        if wanted.number or wanted.at == LATEST:
            number = wanted.number or versions.require(wanted.name).latest
            version, prompt = self._version(versions, wanted.name, number)
            return Provenance(wanted.name, number, version.digest), prompt
        key = (caller.tenant, wanted.name, wanted.at)
        labels = Labels(versions=versions)
        label = self.labels.get(key, lambda: labels.get(wanted.name, wanted.at), spare=_passing)
        experiment, unit = self._trial(labels, label, caller)
        number = assigned(experiment.id, unit, experiment.weights) if experiment else label.version
        version, prompt = self._version(versions, wanted.name, number)
        tried = (experiment.id, number, unit) if experiment else ("", 0, "")
        return Provenance(wanted.name, number, version.digest, wanted.at, *tried), prompt

    def _trial(self, labels: Labels, label: Label, caller: Caller) -> tuple[Experiment | None, str]:
        """Return the experiment that this request is part of, and its unit there.

        Whoever is not known as what the experiment tells apart gets the label's own version, and is not counted.
        """
        if not label.experiment:
            return None, ""
        experiments = Experiments(labels=labels)
        key = (caller.tenant, label.experiment)
        found = self.trials.get(key, lambda: experiments.get(label.experiment), spare=_passing)
        unit = {"user": caller.user, "tenant": caller.tenant, "conversation": caller.conversation}[found.plan.unit]
        if not unit or found.status == "ended" or self.now() >= found.ends_at:
            return None, ""
        return found, unit

    def _version(self, versions: Versions, name: str, number: int) -> tuple[Version, Prompt]:
        def read() -> tuple[Version, Prompt]:
            version = versions.get(name, number)
            return version, msgspec.json.decode(version.body, type=content.Prompt)

        return self.prompts.get((versions.tenant, name, number), read, spare=_passing)

    def _examples(self, tenant: str, prompt: Prompt, filled: Mapping[str, str], deadline: Deadline) -> list[Example]:
        if (use := prompt.examples) is None:
            return []
        named = reference(use.set, "examples.set")
        versions = Versions(table=self.table, tenant=tenant, kind="example")

        def read() -> ExampleSet:
            return msgspec.json.decode(versions.get(named.name, named.number).body, type=ExampleSet)

        held = self.sets.get((tenant, named.name, named.number), read, spare=_passing)
        examples = held.examples
        if use.select == "similar":
            vectors = self.vectors()
            known = vectors.of(versions.subject(named.name), named.number, held, deadline)
            examples = example_sets.nearest(examples, known, vectors.query(filled[use.query], deadline))
        taken = list(example_sets.within(examples, use.count, use.max_tokens, tokenizer("estimate")))
        return taken[::-1] if use.select == "similar" else taken


def _passing(error: Exception) -> bool:
    """Return whether an old answer is better than this error: not where the service says that there is none."""
    return not isinstance(error, ApiError)
