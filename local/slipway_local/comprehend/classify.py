"""Custom classifiers of Comprehend: there is none here, so whoever asks one is told, and not with a made-up class."""

from typing import Any


def install() -> None:
    """Put this in place of moto's silence."""
    from moto.comprehend.responses import ComprehendResponse
    from moto.core.exceptions import JsonRESTError

    def classify_document(self: Any) -> Any:
        raise JsonRESTError(
            "ResourceUnavailableException",
            "The local cloud trains and serves no custom classifiers. Ask for classes by the model instead: "
            "augmentation.classes in the environment file.",
        )

    ComprehendResponse.classify_document = classify_document
