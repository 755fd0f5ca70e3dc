"""The settings of the store `kendra`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.settings_section import Section

# A field of an index has a name of up to 30 characters, two of which are ours.
AttributeName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,27}$")]


class KendraSettings(Section):
    """An Amazon Kendra index: keyword search by Kendra's ranking, at $810 a month and more."""

    existing_customer: bool = Field(
        False,
        description="Say that the account used Kendra before 30 July 2026: AWS makes no index for others.",
    )
    edition: Literal["developer", "enterprise"] = Field(
        "developer",
        description="developer: $1.125 an hour, 10,000 chunks, in one zone; enterprise: $1.40 an hour, 100,000 "
        "chunks. Another one makes a new, empty index.",
    )
    attributes: list[AttributeName] = Field(
        default_factory=list,
        max_length=200,
        description="Attributes of documents that Kendra filters by itself, beside document_id, page and path; "
        "filters by others are applied to the best 100 chunks. Those added later are for documents that come after.",
    )
