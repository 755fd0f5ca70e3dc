"""Puts the parts of the catalogue of prompts together from the environment, as `parts` does with all others."""

from __future__ import annotations

import functools

from slipway_runtime import parts, settings
from slipway_runtime.generate.prompts.example_vectors import ExampleVectors
from slipway_runtime.generate.prompts.resolve import Resolver
from slipway_runtime.operate.clients import client
from slipway_runtime.operate.rows import Table


@functools.cache
def resolver() -> Resolver:
    """Return what turns the name of a prompt into messages; it remembers labels and versions."""
    table = Table(client=client("dynamodb"), name=settings.required("PROMPTS_TABLE"))
    return Resolver(
        table=table, vectors=functools.cache(lambda: ExampleVectors(table=table, embedder=parts.embedder()))
    )
