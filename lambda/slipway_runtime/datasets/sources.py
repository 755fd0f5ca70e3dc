"""From a line of a source to an example."""

import msgspec

from slipway_runtime.datasets.example import Example, read_example
from slipway_runtime.datasets.feedback import Feedback
from slipway_runtime.datasets.refused import Refused
from slipway_runtime.datasets.work import Source
from slipway_runtime.prepare.curate import CuratedDocument, read_line


def from_curated(document: CuratedDocument) -> Example | Refused:
    """Return the example to continue training on that a curated document is."""
    if not document.text.strip():
        return Refused("bad_curated", "the document has no text")
    return Example(
        origin="curated",
        documents=[document.document_id],
        source_versions=[document.source_version],
        rules=[document.rules],
        text=document.text,
    )


def read_source(source: Source, line: bytes, min_rating: int) -> Example | Refused:
    """Return the example of a line of JSONL, or why there is none; the reason names the field."""
    try:
        match source:
            case "corpus" | "documents":
                return from_curated(read_line(line))
            case "examples":
                return read_example(line)
            case "feedback":
                return msgspec.json.decode(line, type=Feedback).example(min_rating)
    except Refused as refused:
        return refused
    except (msgspec.DecodeError, ValueError) as error:
        code = {"examples": "bad_example", "feedback": "bad_feedback"}.get(source, "bad_curated")
        return Refused(code, f"{error}; mend the line")  # type: ignore[arg-type]
