"""SEARCH expressions: `SEARCH('{Namespace,dimension,…} MetricName="Name" dimension="value"', 'Sum', 300)`.

Of the search terms only those of the form name="value" are emulated, all of which must hold.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
"""

import re
from dataclasses import dataclass

from slipway_local.aws_json import ServiceError
from slipway_local.metrics.series import Key, Series

WHOLE = re.compile(
    r"""SEARCH\(\s*'\{(?P<schema>[^}]*)\}(?P<terms>[^']*)'\s*,\s*'(?P<stat>[^']+)'\s*,\s*(?P<period>\d+)\)"""
)
TERM = re.compile(r"""\s*([\w./-]+)\s*=\s*"([^"]*)"\s*""")


@dataclass(frozen=True)
class Search:
    """What an expression asks for. `terms`: MetricName and dimensions with their values. Units: seconds."""

    namespace: str
    dimensions: frozenset[str]
    terms: dict[str, str]
    statistic: str
    period: int

    def keys(self, held: Series) -> list[Key]:
        """Return the metrics that are meant, in the order of their names."""
        return sorted(key for key in list(held) if self._means(key))

    def label(self, key: Key) -> str:
        """Return what tells a metric from the others that were found."""
        apart = [value for name, value in key[2] if name not in self.terms]
        return " ".join(apart if "MetricName" in self.terms else [*apart, key[1]]) or key[1]

    def _means(self, key: Key) -> bool:
        namespace, name, dimensions = key
        told = {**dict(dimensions), "MetricName": name}
        return (
            namespace == self.namespace
            and {each for each, _ in dimensions} == self.dimensions
            and all(told.get(each) == value for each, value in self.terms.items())
        )


def parse(expression: str) -> Search:
    """Return what an expression asks for. Raises: ServiceError that says which form is emulated."""
    found = WHOLE.fullmatch(expression.strip())
    terms = found["terms"].strip() if found else ""
    if found is None or TERM.sub("", terms):
        form = """SEARCH('{Namespace,dimension} MetricName="Name" dimension="value"', 'Sum', 300)"""
        raise ServiceError("ValidationError", f"The expression {expression} is not emulated; write it like {form}")
    namespace, *dimensions = (part.strip().strip('"') for part in found["schema"].split(","))
    return Search(namespace, frozenset(dimensions), dict(TERM.findall(terms)), found["stat"], int(found["period"]))
