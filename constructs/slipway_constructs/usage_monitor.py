"""Shows what tenants use and what it costs, by tenant and model. It alarms nobody: budgets and quotas act.

Creates: nothing but graphs.   Grants: none.
Units: US dollars at list prices, milliseconds, counts, all over 5 minutes.
"""

from constructs import Construct

from slipway_constructs.monitoring import Monitor, Search


class UsageMetricFactory:
    """Metrics that each metered request counts, of every tenant and model of the environment."""

    def __init__(self, environment: str) -> None:
        self._environment = {"environment": environment}

    def requests(self) -> Search:
        """Return the number of requests."""
        return self._search("Requests", "Sum")

    def cost_in_dollars(self) -> Search:
        """Return what the models' tokens cost."""
        return self._search("CostDollars", "Sum")

    def tokens_read(self) -> Search:
        """Return the number of tokens that models read."""
        return self._search("InputTokens", "Sum")

    def tokens_written(self) -> Search:
        """Return the number of tokens that models wrote."""
        return self._search("OutputTokens", "Sum")

    def latency_in_milliseconds(self, statistic: str) -> Search:
        """Return the time from question to the end of the answer."""
        return self._search("Milliseconds", statistic)

    def cache_hits(self) -> Search:
        """Return the number of answers that came from the cache."""
        return self._search("CacheHits", "Sum")

    def embedding_tokens(self) -> Search:
        """Return the number of tokens that embedding models read."""
        return Search("Slipway", "EmbeddingTokens", self._environment, ("model", "service"), "Sum")

    def _search(self, name: str, statistic: str) -> Search:
        return Search("Slipway", name, self._environment, ("tenant", "model"), statistic)


class CostMonitor(Monitor):
    """What models cost, by tenant and model, and what cost is made of."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, environment: str) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        metrics = UsageMetricFactory(environment)
        self.graph("Cost by tenant and model, US dollars", metrics.cost_in_dollars())
        self.graph("Tokens read", metrics.tokens_read())
        self.graph("Tokens written", metrics.tokens_written())
        self.graph("Tokens embedded", metrics.embedding_tokens())
        self.graph("Answers from the cache, which cost nothing", metrics.cache_hits())


class TenantMonitor(Monitor):
    """What each tenant asks for, how long it waits, and what it costs."""

    def __init__(self, scope: Construct, construct_id: str, *, topic_arn: str, environment: str) -> None:
        super().__init__(scope, construct_id, topic_arn=topic_arn)
        metrics = UsageMetricFactory(environment)
        self.graph("Requests by tenant and model", metrics.requests())
        self.graph("Latency, p90, milliseconds", metrics.latency_in_milliseconds("p90"))
        self.graph("Cost, US dollars", metrics.cost_in_dollars())
