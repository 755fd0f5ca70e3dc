"""Labels: names that point to a version and can be moved, taken back, and put on trial by an experiment."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from slipway_runtime.generate.errors import ApiError
from slipway_runtime.generate.prompts.names import no_such
from slipway_runtime.generate.prompts.versions import ATTEMPTS, Author, Entry, Head, Versions, busy, version_item
from slipway_runtime.operate import rows
from slipway_runtime.operate.rows import Conflict, Row

KEPT = 100  # earlier versions of a label that a rollback can go back to


class Label(msgspec.Struct, frozen=True):
    """A label. `history`: the versions it had before, the latest last. `experiment`: the one on it, or ""."""

    label: str
    version: int
    by: str
    at: str
    why: str
    history: tuple[int, ...] = ()
    experiment: str = ""


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The labels of one tenant's prompts."""

    versions: Versions

    def get(self, name: str, label: str) -> Label:
        """Return a label. Raises: ApiError 404."""
        if found := self.find(name, label):
            return found
        self.versions.require(name)
        raise no_such("label", f"{name}@{label}", "label")

    def find(self, name: str, label: str) -> Label | None:
        """Return a label, or None."""
        row = self.versions.table.get(self.versions.subject(name), f"label#{label}")
        return _label(row) if row else None

    def all(self, name: str) -> Iterator[Label]:
        """Yield the labels of a prompt, by name."""
        yield from map(_label, self.versions.table.query(self.versions.subject(name), "label#"))

    def put(self, name: str, label: str, number: int, author: Author, *, expected: int | None = None) -> Label:
        """Point a label to a version; where it points there already, nothing is changed or noted.

        `expected`: the version it must have now, 0 for none. Raises: ApiError 404 for a version that is not there,
        409 if the label has another version than expected, or an experiment runs on it.
        """
        for _ in range(ATTEMPTS):
            head, old = self.versions.require(name), self.find(name, label)
            _require(old, label, expected)
            if old and old.version == number:
                return old
            if old and old.experiment:
                raise on_trial(old)
            self.versions.get(name, number)
            history = (*old.history, old.version)[-KEPT:] if old else ()
            new = Label(label, number, author.who, self.versions.moment(), author.why, history)
            if self._moved(head, "label", old, new):
                return new
        raise busy()

    def rollback(self, name: str, label: str, author: Author, *, expected: int | None = None) -> Label:
        """Point a label to the version it had before, and end an experiment on it; again, to the one before that.

        Raises: ApiError 409 if it had none before, or has another version than expected: somebody was quicker.
        """
        for _ in range(ATTEMPTS):
            head, old = self.versions.require(name), self.get(name, label)
            _require(old, label, expected)
            if not old.history:
                message = f"The label '{label}' had no version before; point it to one."
                raise ApiError(409, message, code="no_earlier_version", param="label")
            at = self.versions.moment()
            new = Label(label, old.history[-1], author.who, at, author.why, old.history[:-1])
            if self._moved(head, "rollback", old, new):
                return new
        raise busy()

    def try_out(self, name: str, label: str, experiment: str, author: Author, *, expected: int) -> Label:
        """Put an experiment on a label. Raises: ApiError 409 if one is on it, or it has another version."""
        for _ in range(ATTEMPTS):
            head, old = self.versions.require(name), self.get(name, label)
            _require(old, label, expected)
            if old.experiment:
                raise on_trial(old)
            new = msgspec.structs.replace(old, experiment=experiment)
            if self._moved(head, "experiment", old, new, author):
                return new
        raise busy()

    def conclude(self, name: str, label: str, experiment: str, number: int | None, author: Author) -> Label:
        """Take an experiment off a label, and point this to a version, in one; nothing if it is not on it."""
        for _ in range(ATTEMPTS):
            head, old = self.versions.require(name), self.get(name, label)
            if old.experiment != experiment:
                return old
            new = msgspec.structs.replace(old, experiment="")
            if number is not None and number != old.version:
                history = (*old.history, old.version)[-KEPT:]
                new = Label(label, number, author.who, self.versions.moment(), author.why, history)
            if self._moved(head, "experiment", old, new, author):
                return new
        raise busy()

    def _moved(self, head: Head, action: str, old: Label | None, new: Label, author: Author | None = None) -> bool:
        """Write a label and its line of the audit; False if somebody changed the prompt meanwhile."""
        by, why = (author.who, author.why) if author else (new.by, new.why)
        before, after = (_shown(each) for each in (old, new))
        entry = Entry(head.events + 1, action, by, self.versions.moment(), why, new.label, before, after)
        subject = self.versions.subject(head.name)
        row: Row = {"subject": subject, "item": f"label#{new.label}", "version": new.version}
        row |= {"label": msgspec.json.encode(new).decode()}
        exists = rows.check(subject, version_item(new.version), "attribute_exists(subject)")
        try:
            self.versions.change(head, entry, rows.put(row), exists)
        except Conflict:
            return False
        return True


def on_trial(label: Label) -> ApiError:
    """Return the error for a label that an experiment is on."""
    message = f"The experiment '{label.experiment}' runs on the label '{label.label}'; end it first."
    return ApiError(409, message, code="experiment_running", param="label")


def _require(old: Label | None, label: str, expected: int | None) -> None:
    now = old.version if old else 0
    if expected is not None and expected != now:
        message = f"The label '{label}' is at version {now or 'none'}, not {expected or 'none'}: somebody was quicker."
        raise ApiError(409, message, code="label_moved", param="expected")


def _shown(label: Label | None) -> str:
    if label is None:
        return ""
    return f"{label.version} with {label.experiment}" if label.experiment else str(label.version)


def _label(row: Row) -> Label:
    return msgspec.json.decode(str(row["label"]), type=Label)
