"""Amazon Bedrock Guardrails: kept as CloudFormation makes them, evaluated by plain and stated means."""

from .records import Guardrails

__all__ = ["Guardrails"]
