"""From an alias to the place that answers: the table, the choice, the breaker and the fallback."""
