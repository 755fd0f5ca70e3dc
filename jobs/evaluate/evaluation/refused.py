"""The one way in which an evaluation is refused."""


class EvaluationRefusedError(Exception):
    """An evaluation that cannot work: what is wrong and what to do about it."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}. {remedy}.")
