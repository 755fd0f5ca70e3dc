"""moto's backends: everything that its services hold, by the class of the backend, account and region."""

import importlib
from typing import Any

Kept = dict[tuple[str, str], tuple[dict[str, Any], dict[str, dict[str, Any]]]]
OWN = {"backend", "service_name", "_use_boto3_regions", "_additional_regions", "_id"}  # settings of a BackendDict


def collect() -> Kept:
    """Return every backend there is, none copied, and what a service holds beside (S3: whose a bucket is)."""
    from moto.core.base_backend import BackendDict

    kept: Kept = {}
    for services in list(BackendDict._instances):
        beside = {name: value for name, value in vars(services).items() if name not in OWN}
        accounts = {account: dict(regions) for account, regions in services.items()}
        kept[(services.backend.__module__, services.backend.__qualname__)] = (beside, accounts)
    return kept


def put_back(kept: Kept) -> None:
    """Let moto's services have these backends. Raises ImportError or LookupError for one that moto does not have."""
    from moto.core.base_backend import BackendDict

    for (module, name), (beside, accounts) in kept.items():
        parts = [part for part in vars(importlib.import_module(module)).values() if isinstance(part, BackendDict)]
        services = {part.backend.__qualname__: part for part in parts}[name]
        vars(services).update(beside)
        for account, regions in accounts.items():
            for region, backend in regions.items():
                dict.__setitem__(services[account], region, backend)
