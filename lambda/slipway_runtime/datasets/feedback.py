"""What people said of answers, and the examples that are learnt from it.

The contract of a line of JSONL below a `feedback` prefix of the artifacts bucket: who records feedback writes this,
with personal data already redacted. The correction is learnt where there is one, else the answer if it was rated well.
"""

import msgspec

from slipway_runtime.datasets.example import Example, Message
from slipway_runtime.datasets.refused import Refused


class Feedback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One judgement. `rating`: 1 (wrong) to 5 (right). `documents` and what runs in parallel: what the answer cited."""

    request: list[Message]
    answer: str
    rating: int
    documents: list[str]
    source_versions: list[str]
    rules: list[str]
    correction: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be judged."""
        if not any(message.role == "user" for message in self.request):
            raise ValueError("request needs a message with role user")
        if not 1 <= self.rating <= 5:
            raise ValueError(f"rating is {self.rating}, not 1 to 5")

    def example(self, min_rating: int) -> Example:
        """Return what is learnt from it. Raises: Refused("low_rating")."""
        if not self.correction and self.rating < min_rating:
            raise Refused(
                "low_rating", f"rated {self.rating} of at least {min_rating}, without a correction; give a correction"
            )
        return Example(
            origin="feedback",
            documents=self.documents,
            source_versions=self.source_versions,
            rules=self.rules,
            messages=[*self.request, Message("assistant", self.correction or self.answer)],
            group=self.group,
        )
