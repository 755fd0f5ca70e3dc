"""What a run is to make, as the environment file says it: read from JSON."""

from typing import Annotated

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]


class Wishes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is made of each document, by which model, and what a run may cost.

    `classes`: by the model, none switches it off; `classifier_arn`: by an endpoint of Comprehend instead.
    Units: `questions` and `paraphrases` are for a document, `max_documents`, `max_calls` and `max_tokens` for a run.
    """

    model_id: str
    questions: Count = 0
    paraphrases: Count = 0
    captions: bool = False
    entities: bool = False
    classes: tuple[str, ...] = ()
    classifier_arn: str = ""
    max_documents: Count = 0
    max_calls: Count = 0
    max_tokens: Count = 0


def read(document: str | bytes) -> Wishes:
    """Return the wishes in a JSON document. Raises: msgspec.ValidationError naming what is wrong and where."""
    return msgspec.json.decode(document, type=Wishes)
