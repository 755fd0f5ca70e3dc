"""Shows how good what goes in and out is: what was guarded, what was rejected, what prompts were taken back.

Creates: nothing but graphs.   Grants: none.
Units: counts; shares from 0 to 1.
"""

from constructs import Construct

from slipway_constructs.monitoring import Metric, Monitor, Search


class QualityMetricFactory:
    """Metrics of one environment."""

    def __init__(self, environment: str) -> None:
        self._environment = {"environment": environment}

    def guard_findings(self) -> Search:
        """Return what the guard found, by detector, stage and what was done."""
        return Search("Slipway", "GuardFindings", self._environment, ("action", "detector", "service", "stage"), "Sum")

    def rejected_share(self) -> Search:
        """Return which share of documents was rejected, by source."""
        return Search("Slipway", "RejectedShare", self._environment, ("service", "source"), "Average")

    def prompts_taken_back(self) -> Metric:
        """Return the number of experiments that were ended because a prompt did harm."""
        return self._of("prompt_experiments", "PromptsTakenBack")

    def prompts_rolled_back(self) -> Metric:
        """Return the number of prompts that people took back."""
        return self._of("prompts", "PromptRollbacks")

    def reranking_failures(self) -> Metric:
        """Return the number of questions whose context was not reranked."""
        return self._of("chat", "RerankFailures")

    def _of(self, service: str, name: str) -> Metric:
        return Metric("Slipway", name, {**self._environment, "service": service}, "Sum")


class QualityMonitor(Monitor):
    """Graphs for what the environment has."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, environment: str, prompts: bool) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        metrics = QualityMetricFactory(environment)
        self.graph("Guard: findings", metrics.guard_findings())
        self.graph("Documents: share rejected, by source", metrics.rejected_share())
        self.graph("Answers: reranking that failed", metrics.reranking_failures())
        if prompts:
            self.graph("Prompts taken back", metrics.prompts_taken_back(), metrics.prompts_rolled_back())
