"""The access key of the administrator of one local cloud: what deploys, and the command slipway, sign with it.

It is random and lies in the state folder, readable by its owner alone; while policies are enforced, no other key that
belongs to no session is known.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
"""

import json
import os
import secrets
import string
from dataclasses import asdict
from pathlib import Path

from slipway_local.aws import Credentials

FILE = "administrator.json"
IDENTIFIER = string.ascii_uppercase + "234567"  # of base 32, as in AWS's own


def read(state: Path) -> Credentials | None:
    """Return the administrator's key of a state folder, None if no local cloud ever ran there."""
    try:
        return Credentials(**json.loads((state / FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def ensure(state: Path) -> Credentials:
    """Return the administrator's key of a state folder, made when there is none."""
    if found := read(state):
        return found
    made = Credentials(
        access_key_id="AKIA" + "".join(secrets.choice(IDENTIFIER) for _ in range(16)),
        secret_access_key=secrets.token_urlsafe(30),
    )
    begun = state / f"{FILE}.begun"  # a killed daemon leaves no half of it
    begun.unlink(missing_ok=True)
    with os.fdopen(os.open(begun, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(made), file)
    begun.rename(state / FILE)
    return made
