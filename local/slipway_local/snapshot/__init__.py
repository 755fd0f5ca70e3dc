"""What the emulator holds, kept on disk: written while it runs and when it stops, read when it starts again."""

from slipway_local.snapshot.keeper import Keeper, Snapshotted
from slipway_local.snapshot.store import SnapshotError

__all__ = ["Keeper", "SnapshotError", "Snapshotted"]
