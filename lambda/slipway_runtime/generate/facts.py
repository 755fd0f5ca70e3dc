"""What the steps of one exchange tell of it: the outermost one writes it down when the exchange has ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slipway_runtime.generate.conversation import Message
    from slipway_runtime.generate.prompts.resolve import Provenance


@dataclass(kw_only=True)
class Facts:
    """Shared by all copies of an exchange. `alias`: the one that a prompt chose; `asked`: the messages with its own.

    `told`: the documents that what was said before in the conversation is made from.

    `cache`: how a kept answer was found, "" for none. `beside`: tokens read and written by calls beside the answer
    itself, as of the question's rewriter, by their routes.
    """

    provenance: Provenance | None = None
    alias: str = ""
    cache: str = ""
    chunks: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    told: tuple[str, ...] = ()
    asked: tuple[Message, ...] = ()
    beside: dict[str, tuple[int, int]] = field(default_factory=dict)
    embedding_tokens: int = 0

    def spent(self, route: str, read: int, written: int) -> None:
        """Add the tokens of a call."""
        before = self.beside.get(route, (0, 0))
        self.beside[route] = before[0] + read, before[1] + written

    @property
    def read(self) -> int:
        """The tokens that all calls beside the answer read."""
        return sum(read for read, _ in self.beside.values())

    @property
    def written(self) -> int:
        """The tokens that all calls beside the answer wrote."""
        return sum(written for _, written in self.beside.values())
