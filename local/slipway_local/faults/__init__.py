"""Faults on demand: errors and delays for the share of calls that a person asks for."""

from slipway_local.faults.control import FaultControl
from slipway_local.faults.inject import Faults
from slipway_local.faults.rule import FaultError

__all__ = ["FaultControl", "FaultError", "Faults"]
