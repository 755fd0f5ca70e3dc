"""Visits the nodes of a page in order, without recursion: its depth is its author's choice."""

from collections.abc import Iterable
from typing import Protocol

from selectolax.lexbor import LexborNode


class Visitor(Protocol):
    """What is told of every node: when it begins, and when it ends."""

    def enter(self, node: LexborNode) -> bool:
        """Begin a node; returns whether its children are to be visited."""
        ...

    def leave(self, node: LexborNode) -> None:
        """End a node."""
        ...


def walk(root: LexborNode, visitor: Visitor) -> None:
    """Visit `root` and what is in it."""
    node, depth = root, 0
    while True:
        descend = visitor.enter(node)
        child = node.child if descend else None
        if child is not None:
            node, depth = child, depth + 1
            continue
        while node.next is None or depth == 0:
            visitor.leave(node)
            if depth == 0:
                return
            parent = node.parent
            if parent is None:
                return
            node, depth = parent, depth - 1
        visitor.leave(node)
        node = node.next


def weigh(root: LexborNode, nodes: Iterable[LexborNode]) -> tuple[int, dict[int, int]]:
    """Return how many characters of text, blanks and links apart, are in `root`, and in each of `nodes` by `mem_id`."""
    scales = _Scales({node.mem_id: 0 for node in nodes})
    walk(root, scales)
    return scales.total, scales.weights


class _Scales:
    """Adds up text while nodes begin and end; what a node holds is the difference between the two."""

    def __init__(self, weights: dict[int, int]) -> None:
        self.total = 0
        self.weights = weights

    def enter(self, node: LexborNode) -> bool:
        if node.tag == "-text":
            self.total += len("".join((node.text_content or "").split()))
        elif node.mem_id in self.weights:
            self.weights[node.mem_id] = -self.total
        return node.tag != "a"

    def leave(self, node: LexborNode) -> None:
        if node.mem_id in self.weights:
            self.weights[node.mem_id] += self.total
