"""The settings of retention: how long what is kept where, and what may not be deleted.

Source: Amazon S3 user guide, "Transitioning objects using Amazon S3 Lifecycle", "Expiring objects", "Locking objects
with Object Lock".
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.settings_section import Section

StorageClass = Literal["STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]
Days = Annotated[int, Field(ge=1, le=36500)]


class Transition(Section):
    """A move to a cheaper class of storage; objects under 128 KB stay where they are, as S3 has it."""

    storage_class: StorageClass = Field(
        description="`STANDARD_IA` and `GLACIER_IR` are read at once, `GLACIER` and `DEEP_ARCHIVE` when restored."
    )
    after_days: Days = Field(
        description="Days after the upload, or for old versions after the replacement; 30 or more for STANDARD_IA."
    )


class Kept(Section):
    """How long what begins with a prefix is kept, and where."""

    prefix: str = Field(
        "",
        pattern=r"^([a-z0-9-]{1,64}/[^\x00-\x1f\x7f]{0,900})?$",
        description="The first characters of the keys, like `default/mail/`; left open: every key.",
    )
    originals: list[Transition] = Field(
        default_factory=list, max_length=4, description="Where originals go, the warmest class first."
    )
    old_versions: list[Transition] = Field(
        default_factory=list, max_length=4, description="Where replaced and deleted versions go."
    )
    expire_days: Days | None = Field(
        None, description="Days after the upload when a document disappears everywhere; left open: never."
    )


class Retention(Section):
    """Cold storage, expiry, erasure and legal holds."""

    rules: list[Kept] = Field(default_factory=list, max_length=100, description="What is kept how long, by prefix.")
    corpus_days: Days | None = Field(
        None, description="Days that what runs over the corpus wrote is kept; left open: without end."
    )
    artifacts_days: Days | None = Field(
        None, description="Days that training sets, labelling jobs and augmented data are kept; left open: without end."
    )
    erasure_hour: int = Field(
        3, ge=0, le=23, description="Hour, UTC, of the nightly run that erases deleted documents from training sets."
    )
    legal_hold: bool = Field(
        False,
        description="Allow legal holds: the raw bucket gets Object Lock, which can never be switched off again.",
    )
