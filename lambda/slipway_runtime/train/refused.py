"""The one way in which a training job is refused."""


class TrainingRefusedError(Exception):
    """A job that cannot work: what is wrong and what to do about it, in words for the person who asked for it."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}. {remedy}")
        self.cause = cause
        self.remedy = remedy
