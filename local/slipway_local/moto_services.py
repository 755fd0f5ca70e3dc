"""moto's services by boto3's names."""

import contextlib
import importlib

MODULES = {"lambda": "awslambda"}  # where moto's name is another


def import_services(names: list[str]) -> None:
    """Import moto's services before they are asked for, while the deployment waits for processes."""
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(f"moto.{MODULES.get(name, name)}.responses")
