"""What makes a process of the tests quicker that holds all their modules and starts hundreds of sessions of boto3."""

import functools
import gc
import os

from botocore.loaders import JSONFileLoader

from slipway_local.lean_models import find_services_once


def install() -> None:
    """Read each of botocore's models once a process, where every session of boto3 would read its own.

    Sessions only read them, as clients of one session do; but a client of S3 takes the bucket out of its model's paths.
    """
    read = JSONFileLoader.load_file
    of_path = functools.cache(lambda path: read(JSONFileLoader(), path))
    JSONFileLoader.load_file = lambda loader, path: (
        read(loader, path) if f"{os.sep}s3{os.sep}" in path else of_path(path)
    )
    find_services_once()


def freeze() -> None:
    """Leave what is there by now, the tests' modules and all that they import, out of every collection of garbage."""
    gc.collect()
    gc.freeze()
