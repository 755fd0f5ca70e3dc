"""botocore's models of the services, kept small: they are most of what this cloud holds in memory.

botocore reads them into OrderedDicts, with the documentation of every field. Here they are plain dicts, which keep
their order as well, without the documentation, which nothing asks for: half the size.
"""

import json
from typing import Any

from botocore.loaders import JSONFileLoader, Loader


class LeanFileLoader(JSONFileLoader):
    """Reads a model's file without documentation."""

    def _load_file(self, full_path: str, open_method: Any) -> Any:
        try:
            with open_method(full_path, "rb") as file:
                return json.loads(file.read(), object_pairs_hook=_without_documentation)
        except FileNotFoundError:
            return None


def _without_documentation(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object with its documentation empty, for botocore asks whether it is there.

    A member of this name is an object itself and stays.
    """
    return {name: "" if name == "documentation" and isinstance(value, str) else value for name, value in pairs}


def install() -> None:
    """Let every loader of this process that is made from now on read so, boto3's and moto's."""
    from moto import backends

    Loader.FILE_LOADER_CLASS = LeanFileLoader
    find_services_once()
    modules = frozenset(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules


def find_services_once() -> None:
    """Let all loaders of this process share what they find of services, by where they look."""
    look = Loader.list_available_services
    known: dict[tuple[str, ...], list[str]] = {}

    def list_available_services(loader: Any, type_name: str) -> list[str]:
        key = (type_name, *loader.search_paths)
        if key not in known:
            known[key] = look(loader, type_name)
        return known[key]

    setattr(Loader, "list_available_services", list_available_services)  # noqa: B010 - mypy refuses the plain form
