"""Settings of guardrails that several tests share."""

from typing import Any

BLOCKED = {"blockedInputMessaging": "Not this question.", "blockedOutputsMessaging": "Not this answer."}


def pii(*entities: str, action: str = "ANONYMIZE") -> dict[str, Any]:
    return {
        "sensitiveInformationPolicyConfig": {"piiEntitiesConfig": [{"type": e, "action": action} for e in entities]}
    }
