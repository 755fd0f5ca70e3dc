"""One object of a run of augmentation: read it, ask about it, keep what became of it.

The outcome is written last. Where one is there for the same version and the same wishes, it is the answer, so that an
attempt that is made again asks nobody twice.
"""

from dataclasses import dataclass
from typing import Any

from slipway_runtime.operate.augmentation_runs import Run
from slipway_runtime.operate.curated import Curated
from slipway_runtime.operate.lineage import Lineage
from slipway_runtime.operate.objects import Objects
from slipway_runtime.operate.retry import Deadline
from slipway_runtime.prepare.augment.augment import Augmenter
from slipway_runtime.prepare.augment.books import Verdict
from slipway_runtime.prepare.augment.images import MAX_BYTES, read_image
from slipway_runtime.prepare.augment.model import Budget
from slipway_runtime.prepare.augment.outcome import Outcome
from slipway_runtime.prepare.augment.plan import Planned
from slipway_runtime.prepare.keys import DocumentKey, document_id, parse_key
from slipway_runtime.prepare.label.label import Labeller
from slipway_runtime.prepare.rejected import Rejected
from slipway_runtime.prepare.rules.build import RuleSets

NOT_CURATED = "there is no curated document of this object; ingest it first, `slipway documents` says what became of it"


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Works on the objects of one run."""

    run: Run
    objects: Objects
    raw_bucket: str
    curated: Curated
    lineage: Lineage
    sources: RuleSets
    augmenter: Augmenter
    labeller: Labeller

    def one(self, planned: Planned, deadline: Deadline) -> Outcome:
        """Return what became of an object.

        Raises: the errors of AWS that trying again until the deadline did not mend; then nothing is written.
        """
        budget = Budget(calls=planned.calls, tokens=planned.tokens)
        about = self._image if planned.what == "image" else self._document
        try:
            outcome, is_new = about(planned.key, budget, deadline)
        except Rejected as rejected:
            refused = Verdict("not_curated", f"{rejected.code}: {rejected.reason}")
            outcome, is_new = self._outcome(planned.key, "", refused=refused), True
        if is_new:
            outcome.spent.add(budget.spent)
            self.run.write_outcome(outcome)
        if counts := outcome.counts():
            self.lineage.note(outcome.document_id, outcome.source_version, counts)
        return outcome

    def _document(self, key: str, budget: Budget, deadline: Deadline) -> tuple[Outcome, bool]:
        named = parse_key(key)
        document = self.curated.get(named.tenant, named.document_id)
        if document is None:
            return self._outcome(key, "", refused=Verdict("not_curated", NOT_CURATED)), True
        outcome = self._outcome(key, document.source_version)
        if done := self._done(named, outcome):
            return done, False
        self.augmenter.document(document, outcome, self.sources.of(key), budget, deadline)
        self.labeller.document(document, outcome, deadline)
        return outcome, True

    def _image(self, key: str, budget: Budget, deadline: Deadline) -> tuple[Outcome, bool]:
        named, version = parse_key(key), self.objects.current(self.raw_bucket, key)
        if version is None:
            raise Rejected("empty", "the object has gone since the run was planned")
        outcome = self._outcome(key, version.version_id)
        if done := self._done(named, outcome):
            return done, False
        if version.size_bytes > MAX_BYTES:
            outcome.refused = Verdict("image_too_large", f"it has {version.size_bytes} bytes, at most {MAX_BYTES}")
            return outcome, True
        image = read_image(self.objects.read(version, MAX_BYTES) or b"")
        if isinstance(image, Verdict):
            outcome.refused = image
        else:
            self.augmenter.image(image, outcome, self.sources.of(key), budget, deadline)
        return outcome, True

    def _done(self, named: DocumentKey, fresh: Outcome) -> Outcome | None:
        done = self.run.outcome(named.document_id)
        same = done and (done.source_version, done.made_by) == (fresh.source_version, fresh.made_by)
        return done if same else None

    def _outcome(self, key: str, version: str, **facts: Any) -> Outcome:
        made_by = f"{self.augmenter.made_by(self.sources.of(key))}/{self.augmenter.model.model_id}"
        return Outcome(document_id=document_id(key), key=key, source_version=version, made_by=made_by, **facts)
