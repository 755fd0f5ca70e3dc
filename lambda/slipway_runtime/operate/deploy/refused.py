"""What a deployment cannot do, with what would help."""


class DeploymentRefusedError(Exception):
    """The deployment cannot work as it is asked for; trying again does not help. `remedy`: what would."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}. {remedy}")
        self.reason, self.remedy = reason, remedy


class EndpointBusyError(Exception):
    """Another deployment of the endpoint runs; the state machine tries again."""
