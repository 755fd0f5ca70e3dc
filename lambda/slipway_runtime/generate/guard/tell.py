"""Each decision in metrics and in the log; the text it is about is in neither."""

from slipway_runtime.generate.guard.policy import Finding
from slipway_runtime.operate.observability import count_finding, logger


def tell(finding: Finding, version: str) -> None:
    """Count and log a finding, with the version of the policy that decided."""
    count_finding(finding.detector, finding.stage, finding.action)
    said = {"detector": finding.detector, "stage": finding.stage, "action": finding.action}
    logger.info("guarded", extra=said | {"why": finding.reason, "score": finding.score, "policy": version})
