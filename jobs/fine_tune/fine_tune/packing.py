"""Puts examples into rows of max_length tokens: best-fit decreasing, the longest first, each where it fits tightest.

Free rows are counted by the room they have left, and the tightest that fits is found in a bit set, so that a row costs
a few machine instructions whatever their number.
Source: "Fewer Truncations Improve Language Modeling", https://arxiv.org/abs/2404.10830
"""

from collections.abc import Sequence as Many


def pack(lengths: Many[int], capacity: int) -> list[list[int]]:
    """Return rows of indices into `lengths`, the sum of each at most `capacity`, in an order that is always the same.

    Raises: ValueError if a length is over the capacity.
    """
    if max(lengths, default=0) > capacity:
        raise ValueError(f"a length is over the capacity of {capacity}")
    rows: list[list[int]] = []
    with_room: list[list[int]] = [[] for _ in range(capacity + 1)]
    rooms = 0  # bit r is set if a row has room for r more
    for index in sorted(range(len(lengths)), key=lambda each: -lengths[each]):
        length = lengths[index]
        fitting = rooms >> length
        if fitting:
            room = length + (fitting & -fitting).bit_length() - 1
            row = with_room[room].pop()
            if not with_room[room]:
                rooms ^= 1 << room
        else:
            room, row = capacity, len(rows)
            rows.append([])
        rows[row].append(index)
        left = room - length
        with_room[left].append(row)
        rooms |= 1 << left
    return rows


def efficiency(lengths: Many[int], rows: Many[Many[int]], capacity: int) -> float:
    """Return the share of the rows' tokens that are no padding."""
    return sum(lengths) / (len(rows) * capacity)
