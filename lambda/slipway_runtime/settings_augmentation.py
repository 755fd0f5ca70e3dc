"""The environment variables of the functions of augmentation, beside those of `settings`."""

import msgspec

from slipway_runtime.prepare.augment import wishes as augment
from slipway_runtime.prepare.rules import settings as rules
from slipway_runtime.settings import MissingSetting, required


def wishes() -> augment.Wishes:
    """Return AUGMENTATION, what a run is to make. Raises: MissingSetting if it is not the expected JSON."""
    try:
        return augment.read(required("AUGMENTATION"))
    except msgspec.DecodeError as error:
        raise MissingSetting(f"AUGMENTATION is not a JSON object of wishes: {error}") from error


def source_rules() -> rules.SourceRules:
    """Return RULES, the rule sets of sources. Raises: MissingSetting if it is not the expected JSON."""
    try:
        return rules.read(required("RULES"))
    except msgspec.DecodeError as error:
        raise MissingSetting(f"RULES is not a JSON object of rule sets: {error}") from error
