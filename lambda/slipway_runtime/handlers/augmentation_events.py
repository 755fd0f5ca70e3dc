"""What the state machine of augmentation hands to its functions."""

import msgspec

from slipway_runtime.prepare.augment.plan import Planned


class RunEvent(msgspec.Struct):
    """A run: over the objects whose keys begin with `prefix`."""

    prefix: str
    run_id: str


class ObjectEvent(RunEvent):
    """One object of a run."""

    item: Planned
