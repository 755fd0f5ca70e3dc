"""Which arm a unit gets: always the same one, by a hash that the experiment salts.

Weighted rendezvous hashing: each arm draws a number for the unit, and the smallest -ln(u)/weight wins, so that an arm
wins in proportion to its weight. Only draws of the arm whose weight changes move: a heavier arm gains units and
nobody else's change hands; of an arm that goes, only its own units find another.
Source: Thaler and Ravishankar 1998, "Using name-based mappings to increase hit rates" (https://doi.org/10.1109/90.663936).
"""

import hashlib
import math
from collections.abc import Mapping

SPAN = 2.0**64


def assigned(experiment: str, unit: str, weights: Mapping[int, float]) -> int:
    """Return the arm of a unit among the arms with a weight above 0."""
    return min(weights, key=lambda arm: (_draw(experiment, unit, arm) / weights[arm], arm))


def _draw(experiment: str, unit: str, arm: int) -> float:
    """Return an exponential draw: the same for the same three names, independent otherwise."""
    named = f"{experiment}\0{arm}\0{unit}".encode("utf-8", "surrogatepass")
    number = int.from_bytes(hashlib.blake2b(named, digest_size=8).digest(), "big")
    return -math.log((number + 0.5) / SPAN)
