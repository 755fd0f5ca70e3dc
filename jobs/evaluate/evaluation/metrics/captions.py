"""Metrics of captions: CIDEr, and SPICE where its jars are (pycocoevalcap).

Sources: Vedantam et al., "CIDEr" (CVPR 2015); Anderson et al., "SPICE" (ECCV 2016).
"""

import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from evaluation.metrics.measure import Measure, References, Skipped, Texts

# pycocoevalcap downloads these itself when they are missing; a job in a private network would wait for ever.
JARS = ("stanford-corenlp-3.6.0.jar", "stanford-corenlp-3.6.0-models.jar")


def cider(answers: Texts, references: References) -> Measure:
    """Return CIDEr over words divided by blanks. Its weights are those of the references: a few items tell little."""
    from pycocoevalcap.cider.cider import Cider

    value, scores = Cider().compute_score(*_captions(answers, references))
    signature = f"pycocoevalcap {version('pycocoevalcap')}|cider|n:4|tok:blanks"
    return Measure(
        name="cider", value=float(value), scores=[float(each) for each in scores], signature=signature, top=10.0
    )


def spice(answers: Texts, references: References) -> Measure | Skipped:
    """Return SPICE, or which of its parts is missing."""
    found = find_spec("pycocoevalcap.spice")
    folder = Path(next(iter(found.submodule_search_locations or ()))) / "lib" if found else Path("lib")
    missing = [name for name in JARS if not (folder / name).is_file()]
    if missing:
        return Skipped("spice", f"{' and '.join(missing)} of Stanford CoreNLP 2015-12-09 are not in {folder}")
    if not shutil.which("java"):
        return Skipped("spice", "it needs Java 8 or later on the path")
    from pycocoevalcap.spice.spice import Spice

    value, rows = Spice().compute_score(*_captions(answers, references))
    scores = [float(row["All"]["f"]) for row in rows]
    signature = f"pycocoevalcap {version('pycocoevalcap')}|spice"
    return Measure(name="spice", value=float(value), scores=scores, signature=signature)


def _captions(answers: Texts, references: References) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    rights = {place: list(each) for place, each in enumerate(references)}
    return rights, {place: [each] for place, each in enumerate(answers)}
