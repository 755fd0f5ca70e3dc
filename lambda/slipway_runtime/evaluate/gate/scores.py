"""What the gate reads of a report: each item's scores, and how they were measured."""

import msgspec

FORMAT = "slipway-evaluation/1"


class GateRefusedError(ValueError):
    """Two reports that cannot be compared: the text says why and what to do."""


class Metric(msgspec.Struct, frozen=True):
    """A metric over all items: `signature` tells library, version and options; scores compare only if it is equal."""

    value: float
    signature: str
    higher_is_better: bool = True


class Item(msgspec.Struct, frozen=True):
    """One item's scores by metric, and the slices it belongs to."""

    id: str
    scores: dict[str, float]
    slices: list[str] = []


class Report(msgspec.Struct, frozen=True):
    """The part of report.json that the gate needs. `data_sha256`: of the items without the predictions."""

    format: str
    model: str
    data_sha256: str
    metrics: dict[str, Metric]
    items: list[Item]


def read(data: bytes) -> Report:
    """Return a report. Raises: GateRefusedError for what is none."""
    try:
        report = msgspec.json.decode(data, type=Report)
    except msgspec.DecodeError as error:
        raise GateRefusedError(f"This is no evaluation report: {error}. Evaluate the model again") from error
    if report.format != FORMAT:
        message = f"The report has the format {report.format!r}, this gate reads {FORMAT!r}. Evaluate the model again"
        raise GateRefusedError(message)
    return report


def comparable(candidate: Report, production: Report) -> None:
    """Check that both are of the same items. Raises: GateRefusedError if not."""
    if candidate.data_sha256 != production.data_sha256:
        raise GateRefusedError(
            "The two reports are of different items. Evaluate the model in production again, on the candidate's items"
        )
    ids = [[item.id for item in report.items] for report in (candidate, production)]
    if ids[0] != ids[1]:
        raise GateRefusedError("The two reports hold different items, or in another order. Evaluate both again")


def same_measure(metric: str, candidate: Report, production: Report | None) -> None:
    """Check that a metric was measured, in both alike. Raises: GateRefusedError if not."""
    for report in filter(None, (candidate, production)):
        if metric not in report.metrics:
            known = ", ".join(sorted(report.metrics)) or "none"
            message = (
                f"The report of {report.model} has no metric {metric!r}, only {known}. Measure it, or mend the policy"
            )
            raise GateRefusedError(message)
    if production and candidate.metrics[metric].signature != production.metrics[metric].signature:
        raise GateRefusedError(
            f"{metric} was measured in two ways: {candidate.metrics[metric].signature} and "
            f"{production.metrics[metric].signature}. Evaluate both with the same job"
        )
