"""Models of the Hub, by a revision that cannot change.

Source: https://huggingface.co/docs/huggingface_hub/guides/download#download-an-entire-repository
"""

from pathlib import Path

from evaluation.refused import EvaluationRefusedError


def download(named: str) -> Path:
    """Return the folder of a model named ID@REVISION. Raises: EvaluationRefusedError if it cannot be had."""
    from huggingface_hub import snapshot_download

    name, _, revision = named.partition("@")
    if not revision:
        raise EvaluationRefusedError(f"{named!r} names no revision, so it could change", "Give ID@REVISION")
    try:
        return Path(snapshot_download(name, revision=revision))
    except (OSError, ValueError) as error:
        cause = f"The Hub does not give {named}: {str(error).splitlines()[0]}"
        raise EvaluationRefusedError(cause, "Check its name, the revision and the way to the Hub") from error
